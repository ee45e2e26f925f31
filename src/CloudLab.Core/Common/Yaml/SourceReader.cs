namespace CloudLab.Core.Common.Yaml;

/// <summary>Reads a text that is YAML or JSON, whichever it looks like.</summary>
internal static class SourceReader
{
    /// <summary>Reads every document of a text.</summary>
    /// <param name="text">YAML, JSON, or several JSON values.</param>
    /// <param name="mapped">Whether to note where everything stands (<see cref="SourceDocument.Map"/>).</param>
    /// <returns>Documents with content, and those with mistakes.</returns>
    public static IEnumerable<SourceDocument> Read(string text, bool mapped = false)
    {
        ReadOnlySpan<char> start = text.AsSpan().TrimStart();
        // A flow mapping begins like JSON, but JSON's keys are always quoted.
        bool json = start.Length > 0 && start[0] == '{' && start[1..].TrimStart() is ['"' or '}', ..];
        return json ? JsonReader.Read(text, mapped) : YamlReader.Read(text, mapped);
    }
}
