#include "loadgen/subject/model_subject.hpp"

#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// No placeholders here: what looks like one stands for itself.
std::string literal(const std::string& word) {
    std::string text;
    for (const char c : word) text.append(c == '{' || c == '}' ? 2 : 1, c);
    return text;
}

// What prints our ready line and leaves as our servers do.
Subject ours(const std::string& label) {
    Subject subject;
    subject.label = label;
    subject.ready = {ReadyRule::Kind::line, {}, std::chrono::seconds(20)};
    subject.stop = {SIGTERM, std::chrono::seconds(20)};
    subject.speaks_our_protocol = true;
    return subject;
}

}  // namespace

Result<Subject> subject_of_model(const std::string& bin_dir, const std::string& model,
                                 const std::vector<std::string>& arguments) {
    const Model* known = find_model(model);
    if (known == nullptr) return Error{fmt::format("there is no program for model '{}'", model)};
    Subject subject = ours(model);
    subject.argv = {literal(fmt::format("{}/{}", bin_dir, known->program))};
    if (std::find(arguments.begin(), arguments.end(), "--port") == arguments.end()) {
        subject.argv.insert(subject.argv.end(), {"--port", "0"});
    }
    for (const std::string& word : arguments) subject.argv.push_back(literal(word));
    return subject;
}

Subject subject_of_twin(const Twin& twin) {
    Subject subject = ours(twin.label);
    for (const std::string& word : twin.program) subject.argv.push_back(literal(word));
    subject.argv.insert(subject.argv.end(), {"--port", "0"});
    return subject;
}

}  // namespace echotrio::loadgen
