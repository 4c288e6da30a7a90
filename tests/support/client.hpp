// A small blocking TCP and HTTP client for tests: it says exactly what was received and how the
// connection ended. Every wait has a bound.
#pragma once

#include "common/net/socket.hpp"
#include "tests/support/programs.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace echotrio::test {

struct Reply {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

class Client {
  public:
    // Not connected when nobody answers: see connected().
    explicit Client(const net::HostPort& where);
    bool connected() const { return static_cast<bool>(fd_); }
    int fd() const { return fd_.get(); }

    bool send(std::string_view bytes);  // all of them; false when the connection broke
    void finish() const;                // closes our side only
    void reset();                       // closes with a reset
    void close() { fd_.reset(); }

    // Exactly n bytes, or fewer when the connection ended or the patience did.
    std::string receive(std::size_t n, Nanos patience = kPatience);
    // All until the peer closes.
    std::string receive_all(Nanos patience = kPatience);
    // The next HTTP reply (also after a 100 Continue, which is skipped unless `interim`). Empty: it
    // did not come in full. `head`: the reply to a HEAD, without its body.
    std::optional<Reply> reply(bool head = false, bool interim = false);

    // How the connection stands: still open after `patience`, ended in order, or broken.
    enum class State { open, ended, broken };
    State state(Nanos patience);

  private:
    bool fill(TimePoint deadline);  // more bytes into pending_
    std::optional<std::string> line();
    std::optional<std::string> chunks();

    net::Fd fd_;
    std::string pending_;
    State state_ = State::open;
};

// One request on a connection of its own. Empty: no reply.
std::optional<Reply> get(const net::HostPort& where, std::string_view path);
// The same on a connection that goes on; its reply comes with reply(). How many bytes were sent.
std::size_t ask(Client& client, std::string_view path);
// A few bytes of raw echo come back.
bool echoes(Client& client);

}  // namespace echotrio::test
