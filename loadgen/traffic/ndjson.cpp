#include "loadgen/traffic/readers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::json;

// The four values of the outermost object; whatever else is there is passed over.
class LineHandler : public nlohmann::json_sax<Json> {
  public:
    LineHandler(std::string& method, std::string& path) : method_(method), path_(path) {
        method_.clear();
        path_.clear();
    }

    bool has_time = false, wrong = false;
    std::optional<RecordedTime> time;
    std::int64_t bytes = -1;

    bool null() override { return true; }
    bool boolean(bool) override { return mismatch(); }
    bool number_integer(number_integer_t n) override { return number(n, std::to_string(n)); }
    bool number_unsigned(number_unsigned_t n) override {
        constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
        const bool fits = n <= static_cast<number_unsigned_t>(kMost);
        return number(fits ? static_cast<std::int64_t>(n) : kMost, std::to_string(n));
    }
    bool number_float(number_float_t n, const string_t& text) override {
        constexpr double kExact = 9e15;  // beyond it a double is no whole number
        const bool whole = n == std::floor(n) && std::abs(n) < kExact;
        if (key_ == Key::bytes && !whole) wrong = true;
        return number(whole ? static_cast<std::int64_t>(n) : -1, text);
    }
    bool string(string_t& text) override {
        if (depth_ != 1) return true;
        if (key_ == Key::time) set_time(text);
        if (key_ == Key::method) method_ = text;
        if (key_ == Key::path) path_ = text;
        return key_ != Key::bytes || mismatch();
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return enter(); }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter() && depth_ > 1; }
    bool end_array() override { return leave(); }
    bool key(string_t& name) override {
        if (depth_ != 1) return true;
        key_ = name == "time"     ? Key::time
               : name == "method" ? Key::method
               : name == "path"   ? Key::path
               : name == "bytes"  ? Key::bytes
                                  : Key::other;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

  private:
    enum class Key : std::uint8_t { other, time, method, path, bytes };

    // A value that is not what its key wants.
    bool mismatch() {
        if (depth_ == 1 && key_ != Key::other) wrong = true;
        return true;
    }
    bool number(std::int64_t n, const std::string& text) {
        if (depth_ != 1) return depth_ > 0;
        if (key_ == Key::time) set_time(text);
        if (key_ == Key::bytes) bytes = std::max<std::int64_t>(n, -1);
        return key_ != Key::method && key_ != Key::path ? true : mismatch();
    }
    void set_time(const std::string& text) {
        has_time = true;
        time = parse_any_time(text);
    }
    bool enter() {
        const bool fine = depth_ != 1 || mismatch();
        ++depth_;
        return fine;
    }
    bool leave() {
        --depth_;
        return true;
    }

    std::string& method_;
    std::string& path_;
    Key key_ = Key::other;
    std::size_t depth_ = 0;
};

}  // namespace

Look NdjsonReader::read(std::string_view line) {
    LineHandler handler(method_, path_);
    const bool whole = Json::sax_parse(line.begin(), line.end(), &handler);
    if (!whole || handler.wrong) return Skip::malformed;
    if (!handler.time) return handler.has_time ? Skip::time : Skip::malformed;
    return sendable(*handler.time, method_, path_, handler.bytes);
}

}  // namespace echotrio::loadgen
