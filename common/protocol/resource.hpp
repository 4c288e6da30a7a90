// What a request asks for: the page, its work, and what is wrong with asking. For the protocol
// folder alone.
#pragma once

#include "common/protocol/request.hpp"
#include "common/protocol/session.hpp"

#include <string>
#include <string_view>

namespace echotrio::protocol {

enum class Page : std::uint8_t {
    none,
    about,
    echo_body,
    echo_text,
    stats,
    metrics,
    healthz,
    options,  // of a path or of the server: no content, but what it allows
};

struct Resource {
    Resource() = default;
    Resource(const Resource&) = delete;  // problem may be a view of detail
    Resource& operator=(const Resource&) = delete;

    Page page = Page::none;
    bool encoded = false;  // text holds percent-encoded characters
    Problem problem;
    std::string_view allow;  // with a 405 and with options: the methods that this path takes
    Span text;               // echo_text: where in the target, as it was sent
    Nanos cpu{0};            // the base cost included
    Nanos native{0};
    Nanos hold{0};
    Nanos wait{0};
    std::string detail;

    Nanos cost() const noexcept { return cpu + native + hold + wait; }
};

// Sets all of `found`. `target` in origin form (/path?query), absolute form
// (http://host/path?query), or *, which is the server as a whole.
void find_resource(Method method, std::string_view target, const Settings& settings,
                   Resource& found);

// Decodes %41 and the like in place; the new size. Precondition: find_resource() let it pass.
std::size_t percent_decode(char* text, std::size_t size) noexcept;
std::size_t percent_decoded_size(std::string_view text) noexcept;

}  // namespace echotrio::protocol
