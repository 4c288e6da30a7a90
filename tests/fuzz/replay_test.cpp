// A fuzz target in the ordinary test run, without libFuzzer: its corpus as it is, and some thousand
// seeded mutations of it. FUZZ_TARGET, FUZZ_CORPUS and FUZZ_MUTATIONS come from CMake.
#include "common/base/rng.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace echotrio::test {
namespace {

constexpr std::size_t kLongest = 10'000;  // bytes; longer inputs only repeat themselves

// The files of the folders, in an order that does not depend on the file system.
std::vector<std::string> read_corpus(const std::string& folders) {
    std::vector<std::filesystem::path> paths;
    std::istringstream list(folders);
    for (std::string folder; std::getline(list, folder, ':');) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> corpus;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return corpus;
}

void feed(const std::string& input) {
    // a copy of its own size, so that AddressSanitizer sees a byte read too far
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// Bytes changed, taken out, put in, doubled or moved; a digit made another; two inputs spliced.
std::string mutate(Rng& rng, std::string input, const std::string& other) {
    for (std::uint64_t n = 1 + rng.below(3); n > 0 && !input.empty(); --n) {
        const auto at = static_cast<std::size_t>(rng.below(input.size()));
        switch (rng.below(6)) {
            case 0:
                input[at] = static_cast<char>(rng.below(256));
                break;
            case 1:
                input.erase(at, 1 + rng.below(4));
                break;
            case 2:
                input.insert(at, 1, "\r\n :,;\t0.-=/[\"e"[rng.below(16)]);
                break;
            case 3:
                input += input.substr(at);
                break;
            case 4:
                if (const auto digit = input.find_first_of("0123456789", at); digit != input.npos) {
                    input[digit] = "0123456789"[rng.below(10)];
                }
                break;
            default:
                input = input.substr(0, at) + other.substr(rng.below(other.size() + 1));
        }
    }
    return input.substr(0, kLongest);
}

void replay() {
    const auto corpus = read_corpus(FUZZ_CORPUS);
    ASSERT_FALSE(corpus.empty());
    feed("");
    for (const std::string& input : corpus) feed(input);
    Rng rng(1);
    for (int i = 0; i < FUZZ_MUTATIONS; ++i) {
        const std::string& one = corpus[rng.below(corpus.size())];
        const std::string& other = corpus[rng.below(corpus.size())];
        feed(mutate(rng, one.substr(0, kLongest), other.substr(0, kLongest)));
    }
}

#define REPLAY_TEST(target)    \
    TEST(FuzzReplay, target) { \
        replay();              \
    }
REPLAY_TEST(FUZZ_TARGET)

}  // namespace
}  // namespace echotrio::test
