#include "loadgen/subject/guard_process.hpp"

#include "common/net/signals.hpp"
#include "common/net/socket.hpp"
#include "loadgen/probe/proc_fs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace echotrio::loadgen {
namespace {

constexpr int kPipeBytes = 1 << 20;

void to_null(int fd, int flags) {
    const int null = ::open("/dev/null", flags);
    if (null < 0) return;
    ::dup2(null, fd);
    if (null != fd) ::close(null);
}

// Nothing of ours stays open in the guard: a listening socket would stay bound, a pipe without end.
void close_all_but(const std::set<int>& kept) {
    unsigned from = STDERR_FILENO + 1;
    for (const int fd : kept) {
        const auto here = static_cast<unsigned>(fd);
        if (here > from) ::close_range(from, here - 1, 0);
        from = std::max(from, here + 1);
    }
    ::close_range(from, ~0U, 0);
}

// Who kills by our command line (pkill -f loadgen) means the parent: we are to see that and end
// what we guard, not to die with it.
void take_a_name_of_our_own() {
    constexpr std::string_view kName = "server-guard";
    const auto line = read_text("/proc/self/cmdline");
    char* const words = program_invocation_name;  // argv[0]; the others follow it in memory
    if (!line || line->size() <= kName.size() || words == nullptr) return;
    if (std::memcmp(words, line->data(), line->size()) != 0) return;
    std::memset(words, 0, line->size());
    kName.copy(words, kName.size());
}

class Guarding {
  public:
    Guarding(const Guard::Options& options, int control, int log, Guard::SharedTail& tail)
        : options_(options), control_(control), log_(log), tail_(tail) {}

    void run(net::SignalFd& children) {
        if (!wait_for_go() || !pin() || !start()) return;
        while (!(orphaned_ && empty_)) {
            std::array<pollfd, 3> wait{{{orphaned_ ? -1 : control_, POLLIN, 0},
                                        {children.fd(), POLLIN, 0},
                                        {output_.get(), POLLIN, 0}}};
            ::poll(wait.data(), wait.size(), empty_ || !leaving() ? -1 : kPauseMs);
            if (wait[2].revents != 0) take_output();
            if (wait[0].revents != 0) take_order();
            while (children.take()) {
            }
            reap();
            if (leaving() && !empty_) press();
            if (orphaned_ && ++pressed_ > kMostPresses) break;
        }
        finish_log();
    }

  private:
    static constexpr int kPauseMs = 10;
    static constexpr int kMostPresses = 6000;  // a minute for those that can't be killed

    bool leaving() const { return killing_ || signal_ != 0; }

    bool wait_for_go() {
        GuardOrder order;
        return net::retry([&] { return ::read(control_, &order, sizeof order); }) ==
                   static_cast<ssize_t>(sizeof order) &&
               order.what == GuardOrder::What::go;
    }

    void tell(GuardNews news) const {
        net::retry([&] { return ::send(control_, &news, sizeof news, MSG_NOSIGNAL); });
    }

    bool pin() const {
        if (options_.cpus.empty() || net::pin_to_cpus(options_.cpus)) return true;
        tell({GuardNews::What::not_pinned, errno, 0});
        return false;
    }

    bool start() {
        std::array<int, 2> out{}, failure{};
        if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(failure.data(), O_CLOEXEC) != 0) {
            tell({GuardNews::What::failed, errno, 0});
            return false;
        }
        output_.reset(out[0]);
        const net::Fd output_end(out[1]), failure_end(failure[0]);
        net::Fd failed(failure[1]);
        ::fcntl(out[0], F_SETPIPE_SZ, kPipeBytes);  // while we are not on a CPU it must not block
        ::fcntl(out[0], F_SETFL, O_NONBLOCK);
        const TimePoint begin = now();
        const pid_t guard = ::getpid();
        main_ = ::fork();
        if (main_ == 0) become(out[1], failure[1], guard);
        failed.reset();
        int error = main_ < 0 ? errno : 0;
        if (main_ > 0) {
            net::retry([&] { return ::read(failure_end.get(), &error, sizeof error); });
        }
        if (error != 0) {
            tell({GuardNews::What::failed, error, 0});
            return false;
        }
        tell({GuardNews::What::started, main_, begin.time_since_epoch().count()});
        return true;
    }

    // Between fork and exec.
    [[noreturn]] void become(int out, int failed, pid_t guard) const {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != guard) ::_exit(127);
        net::reset_signals();
        for (const int number : {SIGINT, SIGQUIT, SIGHUP}) std::signal(number, SIG_DFL);
        ::setsid();
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        for (const auto& [name, value] : options_.env) ::setenv(name.c_str(), value.c_str(), 1);
        if (options_.cwd.empty() || ::chdir(options_.cwd.c_str()) == 0) {
            std::vector<char*> argv;
            argv.reserve(options_.argv.size() + 1);
            for (const std::string& word : options_.argv) {
                argv.push_back(const_cast<char*>(word.c_str()));
            }
            argv.push_back(nullptr);
            ::execvp(argv[0], argv.data());
        }
        const int error = errno;
        [[maybe_unused]] const auto ignored = ::write(failed, &error, sizeof error);
        ::_exit(127);
    }

    void take_order() {
        GuardOrder order;
        const ssize_t n =
            net::retry([&] { return ::recv(control_, &order, sizeof order, MSG_DONTWAIT); });
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (n != static_cast<ssize_t>(sizeof order)) {
            orphaned_ = killing_ = true;
            return;
        }
        if (order.what == GuardOrder::What::kill) killing_ = true;
        if (order.what == GuardOrder::What::stop) signal_ = order.signal;
    }

    void reap() {
        int status = 0;
        pid_t pid = 0;
        while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
            asked_.erase(pid);
            if (pid != main_) continue;
            const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
            take_output();  // its last words are there before the news
            tell({GuardNews::What::ended, code, 0});
        }
        if (pid < 0 && errno == ECHILD && !empty_) {
            empty_ = true;
            take_output();
            tell({GuardNews::What::empty, 0, 0});
        }
    }

    // Kills all, or asks each child of ours once; those whose parent has ended are children, too.
    void press() {
        const pid_t self = ::getpid();
        for (const ProcStat& process : descendants_of(self)) {
            if (killing_) {
                ::kill(process.pid, SIGKILL);
            } else if (process.parent == self && asked_.insert(process.pid).second) {
                ::kill(process.pid, signal_);
            }
        }
    }

    // All that the pipe holds, but no more in a turn than fits into it twice: who writes as fast as
    // we read must not keep us from orders.
    void take_output() {
        std::array<char, 64U << 10U> buffer{};
        for (ssize_t taken = 0; output_ && taken < 2 * kPipeBytes;) {
            const ssize_t n = ::read(output_.get(), buffer.data(), buffer.size());
            if (n == 0) output_.reset();
            if (n <= 0) return;
            keep({buffer.data(), static_cast<std::size_t>(n)});
            taken += n;
        }
    }

    void keep(std::string_view text) {
        const std::uint64_t written = tail_.written.load(std::memory_order_relaxed);
        for (std::size_t i = 0; i < text.size(); ++i) {
            tail_.ring[(written + i) % tail_.ring.size()] = text[i];
        }
        tail_.written.store(written + text.size(), std::memory_order_release);
        if (!options_.awaited.empty() && !tail_.seen) look_for_awaited(text);
        if (in_log_ >= options_.log_limit) return;
        text = text.substr(0, options_.log_limit - in_log_);
        const ssize_t n = ::write(log_, text.data(), text.size());
        if (n > 0) in_log_ += static_cast<std::uint64_t>(n);
        if (n != static_cast<ssize_t>(text.size())) in_log_ = options_.log_limit;  // a full disk
    }

    // It may begin in one piece and end in the next.
    void look_for_awaited(std::string_view text) {
        recent_ += text;
        tail_.seen = recent_.find(options_.awaited) != std::string::npos;
        const std::size_t kept = std::min(recent_.size(), options_.awaited.size());
        recent_.erase(0, recent_.size() - kept);
    }

    void finish_log() {
        const std::uint64_t written = tail_.written.load();
        if (in_log_ >= written) return;
        const std::uint64_t shown = std::min<std::uint64_t>(written - in_log_, tail_.ring.size());
        std::string end =
            fmt::format("\n[{} bytes are left out here]\n", written - in_log_ - shown);
        for (std::uint64_t i = written - shown; i < written; ++i) {
            end += tail_.ring[i % tail_.ring.size()];
        }
        [[maybe_unused]] const auto ignored = ::write(log_, end.data(), end.size());
    }

    const Guard::Options& options_;
    int control_, log_;
    Guard::SharedTail& tail_;
    net::Fd output_{};
    pid_t main_ = -1;
    std::uint64_t in_log_ = 0;
    bool killing_ = false, empty_ = false;
    bool orphaned_ = false;  // the other end of `control` is closed
    int signal_ = 0;         // not 0: all are asked to leave with it
    int pressed_ = 0;
    std::set<pid_t> asked_;
    std::string recent_;  // the end of what was written, no longer than what is waited for
};

}  // namespace

std::vector<ProcStat> descendants_of(pid_t guard) {
    const std::vector<ProcStat> all = all_processes();
    std::unordered_map<pid_t, std::vector<const ProcStat*>> children;
    for (const ProcStat& process : all) children[process.parent].push_back(&process);
    std::vector<ProcStat> found;
    std::vector<pid_t> todo{guard};
    while (!todo.empty()) {
        const pid_t parent = todo.back();
        todo.pop_back();
        for (const ProcStat* process : children[parent]) {
            todo.push_back(process->pid);
            if (process->state != 'Z' && process->state != 'X') found.push_back(*process);
        }
    }
    return found;
}

void run_guard(const Guard::Options& options, int control, int log, Guard::SharedTail& tail) {
    ::setsid();  // Ctrl-C at the terminal is for the parent, which then ends us in order
    ::prctl(PR_SET_NAME, "server-guard");
    take_a_name_of_our_own();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    to_null(STDIN_FILENO, O_RDONLY);
    to_null(STDOUT_FILENO, O_WRONLY);
    to_null(STDERR_FILENO, O_WRONLY);
    close_all_but({control, log});
    auto children = net::SignalFd::block({SIGCHLD});
    if (children) Guarding(options, control, log, tail).run(*children);
    ::_exit(0);
}

}  // namespace echotrio::loadgen
