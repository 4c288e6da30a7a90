// Signals read from a descriptor, so that a server waits for them beside its listener and no
// handler interrupts its work.
#pragma once

#include "common/base/result.hpp"
#include "common/net/fd.hpp"

#include <initializer_list>
#include <optional>

namespace echotrio::net {

// First thing in a program: what the one that started it has done to signals means nothing to ours.
// Nothing stays blocked, and what is ignored gets its default treatment (ignored, SIGCHLD would
// take the deaths of children from us, SIGABRT an abort), SIGPIPE as well. Those of a terminal stay
// ignored where they are: so nohup, or a shell without job control, keeps a program running.
void reset_signals() noexcept;

class SignalFd {
  public:
    // Blocks these signals in the calling thread and in those it makes later. Call it before the
    // first thread and before the first fork. Error: no descriptor left.
    static Result<SignalFd> block(std::initializer_list<int> signals);

    int fd() const noexcept { return fd_.get(); }

    // The next pending signal; empty when there is none. Never blocks.
    std::optional<int> take() noexcept;

    // For a child process that wants the default treatment back: no signal stays blocked.
    static void unblock_all() noexcept;

  private:
    explicit SignalFd(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

}  // namespace echotrio::net
