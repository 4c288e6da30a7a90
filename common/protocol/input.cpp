#include "common/protocol/input.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cstring>

namespace echotrio::protocol {

void Input::receive(std::string_view bytes, std::size_t most) {
    if (bytes.empty()) return;
    if (empty()) {
        begin_ = bytes.data();
        size_ = bytes.size();
        return;
    }
    keep();
    const std::size_t needed = size_ + bytes.size();
    char* const base = own_.get();
    if (needed > capacity_) {
        grow(needed, most);
    } else if (static_cast<std::size_t>(begin_ - base) + needed > capacity_) {
        std::memmove(base, begin_, size_);
        begin_ = base;
    }
    std::memcpy(own() + size_, bytes.data(), bytes.size());
    size_ = needed;
}

void Input::keep() {
    if (own_ || empty()) return;
    own_.reset(new char[size_]);
    capacity_ = size_;
    std::memcpy(own_.get(), begin_, size_);
    begin_ = own_.get();
}

void Input::consume(std::size_t n) noexcept {
    CHECK_LE(n, size_);
    begin_ += n;
    size_ -= n;
    if (size_ == 0) {
        own_.reset();
        begin_ = nullptr;
        capacity_ = 0;
    }
}

void Input::cut(std::size_t at, std::size_t n) noexcept {
    CHECK(own_ != nullptr);
    CHECK_LE(at + n, size_);
    std::memmove(own() + at, own() + at + n, size_ - at - n);
    size_ -= n;
}

char* Input::own() noexcept {
    CHECK(own_ != nullptr);
    return own_.get() + (begin_ - own_.get());
}

// Doubles, so that a body of n bytes is copied O(n) in all, up to what may come at most; never
// reserves what a head declares.
void Input::grow(std::size_t least, std::size_t most) {
    CHECK_LE(least, most);
    const std::size_t capacity = std::clamp(2 * capacity_, least, most);
    std::unique_ptr<char[]> bigger(new char[capacity]);
    std::memcpy(bigger.get(), begin_, size_);
    own_ = std::move(bigger);
    begin_ = own_.get();
    capacity_ = capacity;
}

}  // namespace echotrio::protocol
