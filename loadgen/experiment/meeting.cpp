#include "loadgen/experiment/meeting.hpp"

#include "loadgen/subject/cpus.hpp"
#include "loadgen/subject/fetch.hpp"
#include "loadgen/subject/running_subject.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {

Status meet(Subject& subject, const std::function<bool(bool speaks_ours)>& asks_page,
            const std::function<bool()>& stop, const std::function<bool()>& hurry) {
    SubjectStart how;
    how.cpus = share_cpus(usable_cpus(), false).server;
    how.stop = stop;
    how.hurry = hurry;
    auto running = RunningSubject::start(subject, how);
    if (!running) return running.error();
    // What is known stays; a first answer may come late where all has to be loaded for it.
    for (int tries = 0; tries < 2 && !subject.speaks_our_protocol && !stop(); ++tries) {
        subject.speaks_our_protocol = speaks_our_protocol(running->where());
    }
    if (stop()) {
        running->stop();
        return Error{fmt::format("{}: interrupted", subject.label)};
    }
    if (asks_page(subject.speaks_our_protocol)) {
        const auto status = fetch_status(running->where(), subject.path, std::chrono::seconds(5));
        if (!status || *status != subject.expect_status) {
            const std::string answer =
                status ? fmt::format(
                             "GET {} is answered with {}, not {}: give --path, or --expect-status",
                             subject.path, *status, subject.expect_status)
                       : status.error().message;
            std::string text = fmt::format("{}: {}", subject.label, answer);
            const std::string wrote = running->last_words();
            if (!wrote.empty()) text += fmt::format("; it wrote: {}", wrote);
            running->stop();
            return Error{text};
        }
    }
    if (!running->stop()) {
        return Error{fmt::format("{}: some of its processes can't be killed", subject.label)};
    }
    return Done{};
}

}  // namespace echotrio::loadgen
