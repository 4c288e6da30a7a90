#include "loadgen/subject/child.hpp"

#include "common/net/signals.hpp"
#include "common/net/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kMostOutput = 64U << 20U;
constexpr off_t kMostStderr = 64 << 10;

// Becomes the program, or tells the parent through `failure` why not. Runs between fork and exec.
[[noreturn]] void become(const Child::Options& options, int out, int err, int failure,
                         pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // the parent died before the line above
    net::reset_signals();
    std::signal(SIGINT, SIG_DFL);
    ::setpgid(0, 0);  // Ctrl-C at the terminal is for the parent, which then stops its children
    const int null = ::open("/dev/null", O_RDONLY);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    for (const auto& [name, value] : options.environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    if (net::pin_to_cpus(options.cpus)) {
        std::vector<char*> argv;
        argv.reserve(options.argv.size() + 1);
        for (const std::string& word : options.argv) {
            argv.push_back(const_cast<char*>(word.c_str()));
        }
        argv.push_back(nullptr);
        ::execvp(argv[0], argv.data());
    }
    const int error = errno;
    [[maybe_unused]] const auto ignored = ::write(failure, &error, sizeof error);
    ::_exit(127);
}

// Until `fd` is readable; false at the deadline.
bool wait_readable(int fd, TimePoint deadline) {
    while (true) {
        const Nanos left = deadline - now();
        const auto ms = std::max<Nanos::rep>(0, (left.count() + 999'999) / 1'000'000);
        pollfd wait{fd, POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(std::min<Nanos::rep>(ms, 60'000)));
        if (ready > 0) return true;
        if (ready == 0 && now() >= deadline) return false;
    }
}

std::string last_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const std::size_t line = text.rfind('\n');
    return line == std::string::npos ? text : text.substr(line + 1);
}

}  // namespace

Result<Child> Child::start(const Options& options) {
    CHECK(!options.argv.empty());
    const auto failed = [&](int error) {
        return Error{fmt::format("cannot start {}: {}", options.argv[0], std::strerror(error))};
    };
    std::array<int, 2> out{};
    std::array<int, 2> failure{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return failed(errno);
    net::Fd out_read(out[0]);
    const net::Fd out_write(out[1]);
    if (::pipe2(failure.data(), O_CLOEXEC) != 0) return failed(errno);
    const net::Fd failure_read(failure[0]);
    net::Fd failure_write(failure[1]);
    net::Fd err(::memfd_create("stderr", MFD_CLOEXEC));
    if (!err) return failed(errno);
    ::fcntl(err.get(), F_SETFL, O_APPEND);  // several processes write to it

    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return failed(errno);
    if (pid == 0) become(options, out_write.get(), err.get(), failure_write.get(), parent);

    Child child(pid, std::move(out_read), std::move(err));
    child.process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    failure_write.reset();
    int error = 0;
    if (::read(failure_read.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
        return failed(error);
    }
    return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      process_(std::move(other.process_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      pending_(std::move(other.pending_)),
      status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);  // what this was ends with `other`
    std::swap(process_, other.process_);
    std::swap(out_, other.out_);
    std::swap(err_, other.err_);
    std::swap(pending_, other.pending_);
    std::swap(status_, other.status_);
    return *this;
}

Child::~Child() {
    if (pid_ > 0 && !status_) {
        signal(SIGKILL);
        wait(std::chrono::hours(1));
    }
}

bool Child::fill(TimePoint deadline) {
    if (!wait_readable(out_.get(), deadline)) return false;
    std::array<char, 16 * 1024> buffer{};
    const ssize_t n = ::read(out_.get(), buffer.data(), buffer.size());
    if (n <= 0) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
}

Result<std::string> Child::read_line(Nanos timeout) {
    const TimePoint deadline = now() + timeout;
    std::size_t end = 0;
    while ((end = pending_.find('\n')) == std::string::npos) {
        if (pending_.size() > kMostOutput || !fill(deadline)) {
            if (const auto status = wait(std::chrono::milliseconds(now() < deadline ? 1000 : 0))) {
                return Error{
                    fmt::format("it ended with status {}: {}", *status, last_line(stderr_text()))};
            }
            return Error{fmt::format("it printed no line within {:.0f} s", seconds(timeout))};
        }
    }
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return line;
}

Result<std::string> Child::read_all(Nanos timeout) {
    const TimePoint deadline = now() + timeout;
    while (pending_.size() < kMostOutput && fill(deadline)) {
    }
    if (now() >= deadline) {
        return Error{fmt::format("it still writes after {:.0f} s", seconds(timeout))};
    }
    return std::exchange(pending_, {});
}

std::string Child::stderr_text() const {
    const off_t size = ::lseek(err_.get(), 0, SEEK_END);
    const off_t begin = std::max<off_t>(0, size - kMostStderr);
    std::string text(static_cast<std::size_t>(size - begin), '\0');
    const ssize_t n = ::pread(err_.get(), text.data(), text.size(), begin);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return text;
}

void Child::signal(int number) const noexcept {
    if (pid_ > 0 && !status_) ::kill(pid_, number);
}

std::optional<int> Child::wait(Nanos timeout) {
    if (status_) return status_;
    if (process_ && !wait_readable(process_.get(), now() + timeout)) return std::nullopt;
    int status = 0;
    if (::waitpid(pid_, &status, process_ ? WNOHANG : 0) != pid_) return std::nullopt;
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return status_;
}

int Child::stop(Nanos grace) {
    signal(SIGTERM);
    if (const auto status = wait(grace)) return *status;
    signal(SIGKILL);
    return wait(std::chrono::hours(1)).value_or(128 + SIGKILL);
}

}  // namespace echotrio::loadgen
