/** The plain reverse proxy that everybody knows, in front of `http://127.0.0.1:<argument>`. Prints `{"port": N}`. */
import http from 'node:http'
import httpProxy from 'http-proxy'

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${process.argv[2]}`, agent })
proxy.on('error', (_error, _request, response) => response.destroy())
const server = http.createServer((request, response) => proxy.web(request, response))
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
