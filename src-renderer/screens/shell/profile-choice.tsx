import { words } from '../../copy/words.ts'
import { Option, Popover } from '../../parts/popover.tsx'
import { setProfile } from '../../state/model-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** Names of profiles are identifiers; the window shows their description. */
export function ProfileChoice() {
  const studio = useStudio()
  const profile = useStudioState((state) => state.models.profile)
  if (!profile) return null
  return (
    <Popover label={words.top.profile} value={profile.active} testId="profile-select" widthPx={460}>
      <p className="popover__help">{words.top.profileHelp}</p>
      {[...profile.available]
        .sort((a, b) => Number(b.name === profile.detected) - Number(a.name === profile.detected))
        .map((each) => (
          <Option
            key={each.name}
            name="profile"
            value={each.name}
            testId="profile-option"
            checked={each.name === profile.active}
            onChoose={() => void setProfile(studio, each.name)}
            title={each.name}
            tag={each.name === profile.detected && <span className="tag">{words.top.detected}</span>}
            detail={each.description}
            effects={each.effects}
          />
        ))}
    </Popover>
  )
}
