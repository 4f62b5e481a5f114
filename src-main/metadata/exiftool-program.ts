/** Which program to start for ExifTool, and proof that it starts: a failed start inside the process pool would end the studio. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { findErrno, StudioError } from '../lib/studio-error.ts'

const run = promisify(execFile)
const START_TIMEOUT_MS = 60_000

export interface ExifToolProgram {
  version: string
  /** Resolves once the process runs; rejects when it cannot be started. */
  spawn(args: readonly string[]): Promise<ChildProcess>
}

/**
 * ExifTool polls a closed input for ever, so one whose studio was killed would stay, and finish its command on a temporary file that the
 * next start has just removed. Linux ends it together with its parent (prctl PR_SET_PDEATHSIG, SIGKILL); elsewhere it looks every five
 * seconds whether its parent is still the same. What it may break off is only ever work on our own temporary file.
 *
 * HasContentsAlone, for a command's -if: the file has no extended attributes or access lists, and a new one beside it would inherit none
 * (listxattr, getxattr; a label of SELinux comes by itself; error 95: the disk knows no attributes). False where that is not known.
 */
const WATCH_PARENT = `
  my $parent = getppid();
  if ($^O eq 'linux') {
    require Config;
    my ($machine) = $Config::Config{archname} =~ /^(x86_64|aarch64|i686|arm)/;
    my $calls = { x86_64 => [157, 194, 191], aarch64 => [167, 11, 8], i686 => [172, 232, 229], arm => [172, 232, 229] }->{$machine || ''};
    my ($prctl, $listxattr, $getxattr) = $calls ? @$calls : ();
    syscall($prctl, 1, 9, 0, 0, 0) if $prctl;
    exit 0 if getppid() != $parent;
    *Image::ExifTool::HasContentsAlone = sub {
      my ($file) = @_;
      return 0 unless $listxattr and $file =~ m{^(/.*)/};
      my ($folder, $names, $inherited) = ("$1/", "\\0" x 65536, 'system.posix_acl_default');
      my $length = syscall($listxattr, $file, $names, length $names);
      return $! == 95 if $length < 0;
      return 0 if grep { $_ ne 'security.selinux' } split /\\0/, substr($names, 0, $length);
      return syscall($getxattr, $folder, $inherited, 0, 0) < 0;
    };
  }
  $SIG{ALRM} = sub { exit 0 if getppid() != $parent; alarm 5 };
  alarm 5;
  $0 = shift @ARGV;
  do $0;
  die $@ if $@;
`

/** @throws StudioError exiftool-failed with `data.reason` perl-missing or program-missing */
export async function findExifToolProgram(exiftoolPath: string): Promise<ExifToolProgram> {
  if (!existsSync(exiftoolPath)) {
    throw new StudioError('exiftool-failed', 'ExifTool is missing from this installation.', { data: { reason: 'program-missing' } })
  }
  const isWindows = process.platform === 'win32'
  const command = isWindows ? exiftoolPath : existsSync('/usr/bin/perl') ? '/usr/bin/perl' : 'perl'
  const head = isWindows ? [] : ['-e', WATCH_PARENT, exiftoolPath]
  // Without a home folder there is nowhere to look for a configuration that would be run as Perl.
  const { HOME: _home, ...rest } = process.env
  const env = { ...rest, LANG: 'C' }
  try {
    const { stdout } = await run(command, [...head, '-config', '', '-ver'], { env, timeout: START_TIMEOUT_MS, windowsHide: true })
    const version = stdout.trim()
    if (!/^\d+\.\d+$/.test(version)) throw new Error(`unexpected answer ${version.slice(0, 100)}`)
    return {
      version,
      async spawn(args) {
        const child = spawn(command, [...head, ...args], { env, stdio: 'pipe', windowsHide: true })
        await once(child, 'spawn')
        return child
      },
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (!isWindows && (findErrno(error) === 'ENOENT' || /Can't locate \S+ in @INC/.test(text))) {
      throw new StudioError('exiftool-failed', 'ExifTool needs Perl, and no complete Perl was found on this computer.', {
        data: { reason: 'perl-missing' },
        cause: error,
      })
    }
    throw new StudioError('exiftool-failed', `ExifTool could not be started: ${text.slice(0, 300)}`, { data: { reason: 'start' }, cause: error })
  }
}
