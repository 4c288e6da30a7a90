#include "tests/support/session_driver.hpp"

#include "common/base/check.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace echotrio::test {

using protocol::Step;

GuardedBuffer::GuardedBuffer(std::size_t capacity) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    capacity_ = (capacity + page - 1) / page * page;
    mapped_ = capacity_ + page;
    void* const memory =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    base_ = static_cast<char*>(memory);
    CHECK(::mprotect(base_ + capacity_, page, PROT_NONE) == 0);
}

GuardedBuffer::~GuardedBuffer() {
    ::munmap(base_, mapped_);
}

std::string_view GuardedBuffer::place(std::string_view bytes) noexcept {
    CHECK_LE(bytes.size(), capacity_);
    char* const to = base_ + capacity_ - bytes.size();
    std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
}

void GuardedBuffer::scribble() noexcept {
    std::memset(base_, 0xa5, capacity_);
}

SessionDriver::SessionDriver(protocol::Settings s)
    : settings(std::move(s)),
      context_(settings, counters, stats, draining, [] { return kTestTime; }),
      buffer_(protocol::kInputSize) {
    connect();
}

void SessionDriver::connect() {
    session_.reset();
    session_.emplace(context_);
    outcome_ = Outcome{};
    ended_ = false;
}

void SessionDriver::run() {
    while (true) {
        const Step step = session_->next();
        switch (step.kind) {
            case Step::Kind::read:
                buffer_.scribble();
                std::memset(context_.output.data(), 0xa5, context_.output.size());
                return;
            case Step::Kind::write: {
                CHECK(!step.bytes.empty());
                const std::size_t n = std::min(write_at_most, step.bytes.size());
                outcome_.output += step.bytes.substr(0, n);
                session_->sent(moved(step.bytes.substr(0, n)));
                break;
            }
            case Step::Kind::compute:
                outcome_.computes.push_back(step.duration);
                outcome_.works.push_back(step.work);
                break;
            case Step::Kind::wait:
                outcome_.waits.push_back(step.duration);
                break;
            case Step::Kind::shut_down:
                CHECK(!outcome_.shut_down);
                outcome_.shut_down = true;
                break;
            case Step::Kind::close:
                outcome_.closed = step.reason;
                return;
        }
        if (hold_at_every_step) {
            session_->hold();
            buffer_.scribble();
            std::memset(context_.output.data(), 0xa5, context_.output.size());
        }
    }
}

void SessionDriver::send(std::string_view bytes, std::size_t piece) {
    piece = std::min(piece, protocol::kInputSize);
    run();
    while (!bytes.empty() && !outcome_.closed) {
        const std::size_t n = std::min(piece, bytes.size());
        session_->took(moved(buffer_.place(bytes.substr(0, n))));
        bytes.remove_prefix(n);
        run();
    }
}

void SessionDriver::send_pieces(const std::vector<std::string_view>& pieces) {
    for (const std::string_view piece : pieces) send(piece);
}

void SessionDriver::end() {
    if (!outcome_.closed) run();
    if (outcome_.closed || ended_) return;
    ended_ = true;
    session_->took({Io::Kind::end});
    run();
}

Outcome converse(std::string_view input, std::size_t piece, bool end,
                 const protocol::Settings& settings) {
    SessionDriver driver(settings);
    driver.send(input, piece);
    if (end) driver.end();
    return driver.outcome();
}

}  // namespace echotrio::test
