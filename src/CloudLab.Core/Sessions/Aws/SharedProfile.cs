using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>One profile of the shared AWS files: what the credentials file says goes before what the config file says.</summary>
internal sealed class SharedProfile
{
    private readonly Dictionary<string, string> settings;

    private SharedProfile(string name, Dictionary<string, string> settings)
    {
        Name = name;
        this.settings = settings;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>One setting of the profile.</summary>
    /// <param name="key">Its name: <c>role_arn</c>.</param>
    /// <returns>Its value; null where it is not set or empty.</returns>
    public string? this[string key] => settings.GetValueOrDefault(key) is { Length: > 0 } value ? value : null;

    /// <summary>Finds a profile.</summary>
    /// <param name="environment">Says where the files are.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The profile, or null. Throws <see cref="LabException"/> (ProfileUnreadable).</returns>
    public static SharedProfile? Find(LabEnvironment environment, string name)
    {
        Dictionary<string, string>? config = SharedConfigFile.Config(environment).Profile(name);
        Dictionary<string, string>? credentials = SharedConfigFile.Credentials(environment).Profile(name);
        if (config is null && credentials is null)
        {
            return null;
        }

        Dictionary<string, string> settings = new(config ?? [], StringComparer.OrdinalIgnoreCase);
        foreach ((string key, string value) in credentials ?? [])
        {
            settings[key] = value;
        }

        return new SharedProfile(name, settings);
    }

    /// <summary>The lines of the shared files that could not be read, for an error that they may be the cause of.</summary>
    /// <param name="environment">Says where the files are.</param>
    /// <returns>A sentence that begins with a space; empty where all is well.</returns>
    public static string Problems(LabEnvironment environment)
    {
        string[] problems = [.. SharedConfigFile.Config(environment).Problems, .. SharedConfigFile.Credentials(environment).Problems];
        return problems.Length == 0 ? "" : $" Note that {string.Join(", and ", problems.Take(3))}.";
    }

    /// <summary>A setting that the profile cannot do without.</summary>
    /// <param name="key">Its name.</param>
    /// <returns>Its value. Throws <see cref="LabException"/> (ProfileUnusable).</returns>
    public string Required(string key) => this[key] ?? throw Unusable($"'{key}' is missing");

    /// <summary>An error that says why the profile gives no credentials.</summary>
    /// <param name="reason">Why, without a full stop.</param>
    /// <param name="inner">What it came from.</param>
    /// <returns>The exception.</returns>
    public LabException Unusable(string reason, Exception? inner = null) => new(
        LabErrorKind.AuthenticationFailed, "ProfileUnusable", $"Profile '{Name}' provides no credentials: {reason}.", inner)
    {
        Advice = "Correct the profile in ~/.aws/config or ~/.aws/credentials; Get-LabSession shows which profile is used and why.",
    };
}
