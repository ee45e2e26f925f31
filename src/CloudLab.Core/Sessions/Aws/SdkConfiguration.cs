using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime.Internal;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Keeps the SDK from reading the shared AWS files by itself: it takes the settings of its own default profile, not of the session's, and
/// where it cannot read one line no client of it works again in the process.
/// </summary>
internal static class SdkConfiguration
{
    // A location that does not exist for good: there is nothing below a device, nor below a program.
    private static readonly string Nowhere = OperatingSystem.IsWindows() ? Path.Combine(Environment.ProcessPath ?? Environment.SystemDirectory, "none") : "/dev/null/none";
    private static readonly object Gate = new();
    private static bool done;

    /// <summary>Does so, once; before anything of the SDK is used.</summary>
    public static void TakeOver()
    {
        lock (Gate)
        {
            if (done)
            {
                return;
            }

            // The SDK also keeps the config file that the variable names when it first looks, if that exists; else it keeps the one of the
            // home folder, which is what HOME says, also on Windows. A file of ours would want a folder that can be written.
            AWSConfigs.AWSProfilesLocation = Nowhere;
            Dictionary<string, string?> meanwhile = OperatingSystem.IsWindows()
                ? new() { ["AWS_CONFIG_FILE"] = null, ["HOME"] = Nowhere }
                : new() { ["AWS_CONFIG_FILE"] = "/dev/null" };
            Dictionary<string, string?> given = meanwhile.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
            try
            {
                Set(meanwhile);
                RuntimeHelpers.RunClassConstructor(typeof(SharedCredentialsFile).TypeHandle);
                RuntimeHelpers.RunClassConstructor(typeof(FallbackInternalConfigurationFactory).TypeHandle);
            }
            finally
            {
                Set(given);
            }

            done = true;
        }
    }

    private static void Set(Dictionary<string, string?> variables)
    {
        foreach ((string name, string? value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
