// Whether this build is a sanitizer's: its memory and its times are not the program's.
#pragma once

namespace echotrio::test {

inline constexpr bool kSanitized = sizeof ECHOTRIO_SANITIZERS > 1;

}  // namespace echotrio::test
