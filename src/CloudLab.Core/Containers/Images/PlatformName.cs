using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Images;

/// <summary>Names of platforms: <c>os/architecture[/variant]</c>, the Go toolchain's words, as OCI images use them.</summary>
public static class PlatformName
{
    private static readonly string[] Systems =
        ["linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos", "aix", "android", "ios", "js", "plan9", "wasip1", "wasi"];

    // BuildKit itself takes any word for an architecture and builds an image that runs nowhere.
    private static readonly string[] Architectures =
        ["amd64", "arm64", "arm", "386", "ppc64le", "ppc64", "s390x", "riscv64", "loong64", "mips64le", "mips64", "mipsle", "mips", "wasm"];

    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.Ordinal)
    {
        ["x86_64"] = "amd64", ["x86-64"] = "amd64", ["aarch64"] = "arm64", ["armhf"] = "arm/v7", ["armel"] = "arm/v6",
        ["i386"] = "386", ["i686"] = "386", ["macos"] = "darwin",
    };

    /// <summary>The platforms that images are usually built for, for completion.</summary>
    public static IReadOnlyList<string> Common { get; } =
    [
        "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "linux/ppc64le", "linux/s390x", "linux/riscv64",
        "linux/loong64", "windows/amd64",
    ];

    /// <summary>Checks a platform name and brings it into its usual form.</summary>
    /// <param name="text"><c>linux/arm64</c>, <c>linux/aarch64</c>, <c>arm64</c> (Linux is meant).</param>
    /// <returns><c>linux/arm64</c>. Throws <see cref="LabException"/> where there is no such platform.</returns>
    public static string Parse(string text)
    {
        string[] parts = text.Trim().ToLowerInvariant().Split('/');
        parts = [.. parts.SelectMany(part => Synonyms.GetValueOrDefault(part, part).Split('/'))];
        if (parts.Length > 0 && Architectures.Contains(parts[0]))
        {
            parts = ["linux", .. parts];
        }

        bool known = parts.Length is 2 or 3 && Systems.Contains(parts[0]) && Architectures.Contains(parts[1])
            && (parts.Length == 2 || (parts[2] is ['v', _, ..] && parts[2][1..].All(c => char.IsAsciiDigit(c) || c == '.')));
        if (!known)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PlatformInvalid",
                $"There is no platform '{text}': write os/architecture[/variant], such as linux/amd64, linux/arm64 or linux/arm/v7.") { Target = text };
        }

        // v8 is what arm64 always means, so images leave it out.
        return string.Join('/', parts is [_, "arm64", "v8"] ? parts[..2] : parts);
    }

    /// <summary>A platform in the engine's words.</summary>
    /// <param name="name">The name, in its usual form.</param>
    /// <returns><c>{"os":"linux","architecture":"arm64"}</c>.</returns>
    internal static string ToJson(string name)
    {
        string[] parts = name.Split('/');
        System.Text.Json.Nodes.JsonObject platform = new() { ["os"] = parts[0], ["architecture"] = parts[1] };
        if (parts.Length > 2)
        {
            platform["variant"] = parts[2];
        }

        return platform.ToJsonString();
    }

    /// <summary>Puts a name together from what an image says.</summary>
    /// <param name="system">Operating system.</param>
    /// <param name="architecture">Architecture.</param>
    /// <param name="variant">Variant or nothing.</param>
    /// <returns>The name.</returns>
    internal static string Join(string? system, string? architecture, string? variant) =>
        string.IsNullOrEmpty(variant) || (architecture == "arm64" && variant == "v8")
            ? $"{system}/{architecture}"
            : $"{system}/{architecture}/{variant}";
}
