using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Reads the two files that all AWS tools share, <c>config</c> and <c>credentials</c>. A line that cannot be read costs that line
/// alone and is named in the error of a profile that misses something. Format: AWS SDKs and Tools Reference Guide,
/// "Format of the config and credentials files".
/// </summary>
internal sealed class SharedConfigFile
{
    private static readonly string[] Kinds = ["profile", "sso-session", "services"];

    // What stands in brackets, and the settings under it; one in a group is "group.name".
    private readonly Dictionary<(string Kind, string Name), Dictionary<string, string>> sections = [];
    private readonly List<string> problems = [];
    private readonly bool isCredentials;

    private SharedConfigFile(string path, bool isCredentials)
    {
        Path = path;
        this.isCredentials = isCredentials;
        if (File.Exists(path))
        {
            Parse(File.ReadAllLines(path));
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Lines that could not be read, each with its number and why.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Reads the config file.</summary>
    /// <param name="environment">Says where it is.</param>
    /// <returns>The file; empty if there is none. Throws <see cref="LabException"/> (ProfileUnreadable).</returns>
    public static SharedConfigFile Config(LabEnvironment environment) => Read(ConfigPath(environment), isCredentials: false);

    /// <summary>Reads the credentials file.</summary>
    /// <param name="environment">Says where it is.</param>
    /// <returns>The file; empty if there is none. Throws <see cref="LabException"/> (ProfileUnreadable).</returns>
    public static SharedConfigFile Credentials(LabEnvironment environment) => Read(CredentialsPath(environment), isCredentials: true);

    /// <summary>Where the config file is.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>An absolute path.</returns>
    public static string ConfigPath(LabEnvironment environment) => FilePath(environment, "AWS_CONFIG_FILE", "config");

    /// <summary>Where the credentials file is.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>An absolute path.</returns>
    public static string CredentialsPath(LabEnvironment environment) => FilePath(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");

    /// <summary>The endpoint of one service in one profile of a config file: of the services section that it names, else its own.</summary>
    /// <param name="path">The config file.</param>
    /// <param name="profile">The profile's name.</param>
    /// <param name="service">Service id in lower case: <c>s3</c>.</param>
    /// <returns>The URL as written, or null.</returns>
    public static string? EndpointUrl(string path, string profile, string service)
    {
        SharedConfigFile file = Read(path, isCredentials: false);
        Dictionary<string, string> settings = file.Profile(profile) ?? [];
        if (settings.GetValueOrDefault("services") is not { } services)
        {
            return settings.GetValueOrDefault("endpoint_url");
        }

        Dictionary<string, string> own = file.Section("services", services) ?? throw new LabException(
            LabErrorKind.InvalidArgument, "ProfileUnusable", $"Profile '{profile}' names the services '{services}', but {path} has no section [services {services}].");
        return own.GetValueOrDefault(service + ".endpoint_url") ?? settings.GetValueOrDefault("endpoint_url");
    }

    /// <summary>The settings of a profile.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The settings by name, or null if the file does not have the profile.</returns>
    public Dictionary<string, string>? Profile(string name)
    {
        Dictionary<string, string>? settings = Section("profile", name);
        if (name != "default" || isCredentials || Section("", "default") is not { } bare)
        {
            return settings;
        }

        // [profile default] goes before [default].
        Dictionary<string, string> both = new(bare, bare.Comparer);
        foreach ((string key, string value) in settings ?? [])
        {
            both[key] = value;
        }

        return both;
    }

    /// <summary>The names of all profiles.</summary>
    /// <returns>Each once, in no order.</returns>
    public IEnumerable<string> ProfileNames() => sections.Keys
        .Where(section => section.Kind == "profile" || section is { Kind: "", Name: "default" })
        .Select(section => section.Name).Distinct(StringComparer.Ordinal);

    /// <summary>The settings of a section.</summary>
    /// <param name="kind">The first word in its brackets: <c>sso-session</c>.</param>
    /// <param name="name">What comes after.</param>
    /// <returns>The settings by name, or null if the file does not have the section.</returns>
    public Dictionary<string, string>? Section(string kind, string name) => sections.GetValueOrDefault((kind, name));

    /// <summary>What stands between the brackets of a line, without quotes.</summary>
    /// <param name="line">A line.</param>
    /// <returns>The name, or null where the line does not begin a section.</returns>
    internal static string? Heading(string line)
    {
        string text = line.Trim();
        int close = text.IndexOf(']', StringComparison.Ordinal);
        return close > 0 && text[0] == '[' && text[(close + 1)..].TrimStart() is [] or ['#' or ';', ..]
            ? text[1..close].Trim()
            : null;
    }

    /// <summary>Takes the quotes off a name.</summary>
    /// <param name="name">A name as written.</param>
    /// <returns>The name.</returns>
    internal static string Unquote(string name) =>
        name.Length >= 2 && name[0] is '"' or '\'' && name[^1] == name[0] ? name[1..^1] : name;

    private static SharedConfigFile Read(string path, bool isCredentials)
    {
        try
        {
            return new SharedConfigFile(path, isCredentials);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "ProfileUnreadable", $"The shared AWS file {path} cannot be read: {e.Message}", e);
        }
    }

    private static string FilePath(LabEnvironment environment, string variable, string name) => environment.Get(variable) switch
    {
        null => System.IO.Path.Combine(environment.Home, ".aws", name),
        string path => System.IO.Path.GetFullPath(environment.Expand(path)),
    };

    // A comment may follow a value after a space; in a command line it is the shell's business.
    private static string Value(string key, string text)
    {
        if (!key.Equals("credential_process", StringComparison.OrdinalIgnoreCase))
        {
            for (int i = 1; i < text.Length; i++)
            {
                if (text[i] is '#' or ';' && char.IsWhiteSpace(text[i - 1]))
                {
                    return text[..i].TrimEnd();
                }
            }
        }

        return text;
    }

    private void Parse(string[] lines)
    {
        Dictionary<string, string>? section = null;
        string? group = null;
        int groupIndent = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            string text = lines[i].Trim();
            if (text.Length == 0 || text[0] is '#' or ';')
            {
                continue;
            }

            if (text[0] == '[')
            {
                section = Open(text, i);
                group = null;
                continue;
            }

            int indent = lines[i].Length - lines[i].TrimStart().Length;
            bool inGroup = group is not null && indent > groupIndent;
            group = inGroup ? group : null;
            if (text.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } key, string value])
            {
                problems.Add($"line {i + 1} of {Path} is not 'name = value'");
            }
            else if (inGroup)
            {
                section?[$"{group}.{key}"] = Value(key, value);
            }
            else
            {
                value = value is ['#' or ';', ..] ? "" : Value(key, value);
                if (value.Length > 0)
                {
                    section?[key] = value;
                }
                else
                {
                    // Indented lines under a name without a value belong to it.
                    (group, groupIndent) = (key, indent);
                }
            }
        }
    }

    private Dictionary<string, string>? Open(string text, int line)
    {
        if (Heading(text) is not { } heading)
        {
            problems.Add($"line {line + 1} of {Path} is not '[name]'");
            return null;
        }

        (string Kind, string Name) name = ("profile", Unquote(heading));
        if (!isCredentials)
        {
            string[] words = heading.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length == 2 && Kinds.Contains(words[0]))
            {
                name = (words[0], Unquote(words[1]));
            }
            else
            {
                name.Kind = "";
                if (name.Name is not ("default" or "preview" or "plugins"))
                {
                    problems.Add($"line {line + 1} of {Path} must be '[profile {name.Name}]' to name a profile");
                }
            }
        }

        if (!sections.TryGetValue(name, out Dictionary<string, string>? section))
        {
            sections[name] = section = new(StringComparer.OrdinalIgnoreCase);
        }

        return section;
    }
}
