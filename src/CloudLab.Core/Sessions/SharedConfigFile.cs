namespace CloudLab.Core.Sessions;

/// <summary>
/// Reads endpoint URLs from the shared AWS config file, which the SDK parses but does not give out: of the services
/// section that a profile names, and of the profile itself. Format: AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints".
/// </summary>
internal static class SharedConfigFile
{
    /// <summary>The endpoint of one service in one profile.</summary>
    /// <param name="path">The config file.</param>
    /// <param name="profile">The profile's name.</param>
    /// <param name="service">Service id in lower case: <c>s3</c>.</param>
    /// <returns>The URL as written, or null.</returns>
    public static string? EndpointUrl(string path, string profile, string service)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string[] lines = File.ReadAllLines(path);
        string section = Section(profile);
        string? services = Value(lines, section, null, "services");
        return (services is null ? null : Value(lines, "services " + services, service, "endpoint_url"))
            ?? Value(lines, section, null, "endpoint_url");
    }

    /// <summary>A setting of a profile.</summary>
    /// <param name="path">The config file.</param>
    /// <param name="profile">The profile's name.</param>
    /// <param name="key">Name of the setting.</param>
    /// <returns>Its value, or null.</returns>
    public static string? Setting(string path, string profile, string key) =>
        File.Exists(path) ? Value(File.ReadAllLines(path), Section(profile), null, key) : null;

    /// <summary>A value of a section, or of the group of indented lines under a name in it.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="section">What stands in brackets over it.</param>
    /// <param name="group">The name that indented lines stand under; null for lines that are not.</param>
    /// <param name="key">Its name.</param>
    /// <returns>The first such value, or null.</returns>
    public static string? Value(string[] lines, string section, string? group, string key)
    {
        bool inSection = false;
        string? inGroup = null;
        foreach (string line in lines)
        {
            string text = line.Trim();
            if (text.Length == 0 || text[0] is '#' or ';')
            {
                continue;
            }

            if (text[0] == '[')
            {
                string[] words = text.Trim('[', ']').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                inSection = string.Join(' ', words) == section;
                inGroup = null;
                continue;
            }

            string[] pair = text.Split('=', 2, StringSplitOptions.TrimEntries);
            bool indented = char.IsWhiteSpace(line[0]);
            if (!indented)
            {
                inGroup = pair is [_, ""] ? pair[0] : null;
            }

            if (inSection && (indented ? inGroup : null) == group && pair[0] == key && pair.Length == 2)
            {
                return pair[1];
            }
        }

        return null;
    }

    private static string Section(string profile) => profile == "default" ? "default" : "profile " + profile;
}
