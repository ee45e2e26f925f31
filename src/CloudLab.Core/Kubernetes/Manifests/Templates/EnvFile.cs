using System.Text;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

/// <summary>
/// Env files as <c>kubectl create configmap --from-env-file</c> reads them (kubectl, <c>pkg/cmd/util/env_file.go</c>): space before a key is
/// left out, nothing of a value is, quotes belong to it, and a key without = takes its value from the environment.
/// </summary>
internal static partial class EnvFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="environment">Values for keys without one.</param>
    /// <returns>Keys and values, in their order. Throws <see cref="LabException"/> (<c>EnvFileInvalid</c>) with the line.</returns>
    public static List<KeyValuePair<string, string>> Read(string path, LabEnvironment environment)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.NotFound, "EnvFileUnreadable", $"The env file '{path}' cannot be read: {e.Message}", e) { Target = path, StopsCommand = true };
        }

        List<KeyValuePair<string, string>> found = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        int number = 0;
        for (int at = 0; at < bytes.Length; number++)
        {
            int end = Array.IndexOf(bytes, (byte)'\n', at);
            ReadOnlySpan<byte> line = bytes.AsSpan(at, (end < 0 ? bytes.Length : end) - at);
            at = end < 0 ? bytes.Length : end + 1;
            if (line is [.. var text, (byte)'\r'])
            {
                line = text;
            }

            if (number == 0 && line.StartsWith(Encoding.UTF8.Preamble))
            {
                line = line[Encoding.UTF8.Preamble.Length..];
            }

            if (Parse(line, path, number + 1, environment) is { } pair)
            {
                found.Add(seen.Add(pair.Key) ? pair : throw Invalid(path, number + 1, $"the key '{pair.Key}' occurs twice"));
            }
        }

        return found;
    }

    private static KeyValuePair<string, string>? Parse(ReadOnlySpan<byte> bytes, string path, int line, LabEnvironment environment)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart();
        }
        catch (DecoderFallbackException)
        {
            throw Invalid(path, line, "it has bytes that are not UTF-8");
        }

        if (text.Length == 0 || text[0] == '#')
        {
            return null;
        }

        string[] parts = text.Split('=', 2);
        string key = parts[0];
        return !Name().IsMatch(key) || key == "." || key.StartsWith("..", StringComparison.Ordinal)
            ? throw Invalid(path, line, $"'{key}' is not a name: it consists of letters, digits, '_', '-' and '.', and does not begin with a digit")
            : KeyValuePair.Create(key, parts is [_, var value] ? value : environment.Get(key) ?? "");
    }

    private static LabException Invalid(string path, int line, string why) => new(
        LabErrorKind.InvalidData, "EnvFileInvalid", $"{path} line {line}: {why}.") { Target = path, StopsCommand = true };

    [GeneratedRegex(@"\A[-._a-zA-Z][-._a-zA-Z0-9]*\z")]
    private static partial Regex Name();
}
