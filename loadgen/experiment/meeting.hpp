// The first meeting with a server before anything is measured: whether it starts, what it speaks.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/subject.hpp"

#include <functional>

namespace echotrio::loadgen {

// Starts it, learns whether it speaks our protocol unless that is known, and stops it. Where its
// page will be asked for, which `asks_page` knows when it is told what the server speaks, that must
// answer as expected. `stop` and `hurry` as in SubjectStart. Error: one line that begins with the
// label.
Status meet(Subject& subject, const std::function<bool(bool speaks_ours)>& asks_page,
            const std::function<bool()>& stop, const std::function<bool()>& hurry);

}  // namespace echotrio::loadgen
