namespace CloudLab.Core.Containers.Isolation;

/// <summary>Whether this machine lets a user make user namespaces.</summary>
internal static class UserNamespaces
{
    /// <summary>Says which setting forbids it.</summary>
    /// <param name="root">Where settings are: <c>/proc/sys</c>.</param>
    /// <returns>What to change; null where nothing that is known forbids it.</returns>
    public static string? WhyNot(string root = "/proc/sys")
    {
        foreach ((string file, string bad, string good) in new[]
        {
            ("kernel/unprivileged_userns_clone", "0", "1"), ("user/max_user_namespaces", "0", "15000"), ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        })
        {
            string path = Path.Combine(root, file);
            if (File.Exists(path) && File.ReadAllText(path).Trim() == bad)
            {
                return $"This machine forbids user namespaces: root can allow them with 'sysctl {file.Replace('/', '.')}={good}'.";
            }
        }

        return null;
    }
}
