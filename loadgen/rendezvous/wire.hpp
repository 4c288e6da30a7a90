// One connection between two generators: lines in, lines out, without ever waiting.
#pragma once

#include "common/net/fd.hpp"
#include "loadgen/rendezvous/line_buffer.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace echotrio::loadgen::rendezvous {

class Wire {
  public:
    explicit Wire(net::Fd connection);  // non-blocking from now on

    int fd() const { return connection_.get(); }
    bool has_output() const { return !out_.empty(); }
    // To be closed as soon as all is out.
    bool is_over() const { return closing_ && out_.empty(); }
    bool is_closing() const { return closing_; }

    void send(std::string_view line) { out_ += line; }
    void close_after_output() { closing_ = true; }
    // What the socket takes at once. Error: it is broken.
    std::optional<std::string> flush();
    // Reads what is there, at most a byte more than `longest` at once. Error: it ended or is
    // broken.
    std::optional<std::string> read(std::size_t longest);
    std::optional<std::string> next_line() { return in_.next(); }
    // Of the line that has begun, once there is no whole one.
    std::size_t pending() const { return in_.pending(); }

  private:
    net::Fd connection_;
    LineBuffer in_;
    std::string out_;
    bool closing_ = false;
};

}  // namespace echotrio::loadgen::rendezvous
