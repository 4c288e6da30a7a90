// Writes the robustness table as seeds of the session's fuzz target: session_seeds FOLDER.
#include "common/base/rng.hpp"
#include "tests/support/robustness_cases.hpp"

#include <filesystem>
#include <fstream>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    echotrio::Rng rng(1);
    for (const auto& one : echotrio::test::robustness_cases()) {
        std::ofstream file(folder / one.name, std::ios::binary);
        for (int i = 0; i < 8; ++i)
            file.put(static_cast<char>(rng.below(256)));  // seed of the cuts
        file << one.input.substr(0, 4000);                // longer cases only repeat themselves
        if (!file.flush()) return 1;
    }
    return 0;
}
