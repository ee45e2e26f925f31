using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>An ARG of a Dockerfile.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Default">Its default, without quotes; null if it has none.</param>
public sealed record DockerfileArgument(string Name, string? Default);

/// <summary>Dockerfiles as text: finds and reads them, and tells what names they have.</summary>
public static class DockerfileText
{
    /// <summary>The Dockerfile that a path means.</summary>
    /// <param name="path">Full path of a Dockerfile, or of a folder with one.</param>
    /// <returns>Full path of the file. Throws <see cref="LabException"/> (<c>DockerfileNotFound</c>).</returns>
    public static string Find(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path) ? path : throw NotFound(path, $"There is no file '{path}'.");
        }

        // The name in lower case is BuildKit's second choice.
        if (new[] { "Dockerfile", "dockerfile" }.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists) is { } found)
        {
            return found;
        }

        string[] others = [.. Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).Where(IsLikely).Order(StringComparer.Ordinal).Take(3)];
        throw NotFound(path, $"There is no Dockerfile in '{path}'.{(others.Length > 0 ? $" It has {string.Join(", ", others)}: name the file." : "")}");
    }

    /// <summary>Whether a name is one that Dockerfiles have.</summary>
    /// <param name="name">Name of a file.</param>
    /// <returns>True for <c>Dockerfile</c>, <c>web.Dockerfile</c>, <c>Containerfile</c>.</returns>
    public static bool IsLikely(string name) => !name.EndsWith(".dockerignore", StringComparison.OrdinalIgnoreCase)
        && (name.Contains("dockerfile", StringComparison.OrdinalIgnoreCase) || name.Contains("containerfile", StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads a Dockerfile.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Its text. Throws <see cref="LabException"/> (<c>FileUnreadable</c>, <c>DockerfileInvalid</c>).</returns>
    public static async Task<string> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await using FileStream file = await InputFile.OpenAsync(path, cancellation);
            using MemoryStream content = new();
            await file.CopyToAsync(content, cancellation);
            ReadOnlySpan<byte> bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
            return bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]
                ? throw new LabException(LabErrorKind.InvalidData, "DockerfileInvalid", $"'{path}' is saved as UTF-16, which BuildKit does not read: save it as UTF-8.") { Target = path }
                : Encoding.UTF8.GetString(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new LabException(LabErrorKind.ReadFailed, "FileUnreadable", $"'{path}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = path };
        }
    }

    /// <summary>Whether a text is part of a Dockerfile, and not a path.</summary>
    /// <param name="text">A line or several.</param>
    /// <returns>True for an instruction, a comment or several lines.</returns>
    public static bool IsText(string text)
    {
        ReadOnlySpan<char> begin = text.AsSpan().Trim("\uFEFF \t\r\n");
        int end = begin.IndexOfAny(" \t");
        return begin.Contains('\n') || begin.StartsWith('#') || (end > 0 && Dockerfile.Keywords.Contains(begin[..end].ToString().ToUpperInvariant()));
    }

    /// <summary>Names of the stages.</summary>
    /// <param name="text">Text of a Dockerfile.</param>
    /// <returns>The names as written.</returns>
    public static IReadOnlyList<string> Stages(string text) => [.. Dockerfile.Parse(text).Instructions.Where(one => one.Name == "FROM" && one.Words.Count == 3).Select(one => one.Words[2]).Distinct()];

    /// <summary>The build arguments that it declares.</summary>
    /// <param name="text">Text of a Dockerfile.</param>
    /// <returns>The arguments, each once.</returns>
    public static IReadOnlyList<DockerfileArgument> Arguments(string text) =>
    [
        .. Dockerfile.Parse(text).Instructions.Where(one => one.Name == "ARG").SelectMany(one => one.Pairs())
            .Select(pair => new DockerfileArgument(pair.Name, pair.Value?.Trim('"', '\''))).DistinctBy(argument => argument.Name),
    ];

    private static LabException NotFound(string path, string message) => new(LabErrorKind.NotFound, "DockerfileNotFound", message) { Target = path };
}
