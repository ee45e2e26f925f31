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
    private const string ConfigFile = "AWS_CONFIG_FILE";

    /// <summary>Does so, once; before anything of the SDK is used.</summary>
    public static void TakeOver()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), "cloudlab-no-such-folder", "credentials");
        AWSConfigs.AWSProfilesLocation = nowhere;

        // The variable goes before that location, and the SDK keeps what it finds when it first looks.
        string? given = Environment.GetEnvironmentVariable(ConfigFile);
        try
        {
            if (given is not null)
            {
                Environment.SetEnvironmentVariable(ConfigFile, nowhere);
            }

            RuntimeHelpers.RunClassConstructor(typeof(FallbackInternalConfigurationFactory).TypeHandle);
        }
        finally
        {
            if (given is not null)
            {
                Environment.SetEnvironmentVariable(ConfigFile, given);
            }
        }
    }
}
