// What a connection has received and not yet answered: a view of the server's buffer while that is
// possible, a buffer of its own once something has to stay. Empty, it owns nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace echotrio::protocol {

class Input {
  public:
    std::string_view view() const noexcept { return {begin_, size_}; }
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    // Adds bytes at the end. They are copied only when earlier ones are still there, into a buffer
    // that never has room for more than `most` (asserted).
    void receive(std::string_view bytes, std::size_t most);

    // Copies what is a view of foreign memory: from here on it may change.
    void keep();

    // Forgets the first n bytes; gives back the buffer with the last one.
    void consume(std::size_t n) noexcept;

    // Takes n bytes out of the middle, the later ones move down. Precondition: keep() was called.
    void cut(std::size_t at, std::size_t n) noexcept;

    // The bytes in place, for decoders that shrink them. Precondition: keep() was called.
    char* own() noexcept;

  private:
    void grow(std::size_t least, std::size_t most);

    const char* begin_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    std::unique_ptr<char[]> own_;
};

}  // namespace echotrio::protocol
