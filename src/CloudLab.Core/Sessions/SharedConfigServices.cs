namespace CloudLab.Core.Sessions;

/// <summary>
/// Reads the <c>[services NAME]</c> sections of the shared AWS config file, which the SDK parses but does not give
/// out. Format: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
/// </summary>
internal static class SharedConfigServices
{
    /// <summary>The endpoint of one service.</summary>
    /// <param name="path">The config file.</param>
    /// <param name="section">Name of the services section.</param>
    /// <param name="service">Service id in lower case: <c>s3</c>.</param>
    /// <returns>The URL as written, or null.</returns>
    public static string? EndpointUrl(string path, string section, string service)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        bool inSection = false, inService = false;
        foreach (string line in File.ReadLines(path))
        {
            string text = line.Trim();
            if (text.Length == 0 || text[0] is '#' or ';')
            {
                continue;
            }

            if (text[0] == '[')
            {
                string[] words = text.Trim('[', ']').Split(' ', StringSplitOptions.RemoveEmptyEntries);
                inSection = words.Length == 2 && words[0] == "services" && words[1] == section;
                inService = false;
                continue;
            }

            string[] pair = text.Split('=', 2, StringSplitOptions.TrimEntries);
            if (inSection && !char.IsWhiteSpace(line[0]))
            {
                inService = pair[0] == service;
            }
            else if (inSection && inService && pair is ["endpoint_url", var url])
            {
                return url;
            }
        }

        return null;
    }
}
