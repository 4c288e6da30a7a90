// A document as one HTML page that needs no network: charts (Chart.js inside), tables beside them,
// the raw data to download. Readable without JavaScript.
#pragma once

#include "loadgen/document/document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// A file that the page offers for download.
struct Attachment {
    std::string name;    // "results.json"
    std::string title;   // on the button
    std::string type;    // "application/json"
    std::string packed;  // by pack()
};

// gzip in base64, as it lies in the page.
std::string pack(std::string_view text);

// Strings from outside are escaped, whatever they hold.
std::string to_html(const Document& document, const std::vector<Attachment>& attachments);

}  // namespace echotrio::loadgen
