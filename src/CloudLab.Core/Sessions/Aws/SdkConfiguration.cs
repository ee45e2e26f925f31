using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime.Internal;
using SharedCredentialsFile = Amazon.Runtime.CredentialManagement.SharedCredentialsFile;

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
        // A location that does not exist for good. The SDK also keeps the file that the variable names when it first looks, if that exists;
        // else it keeps the one of the home folder.
        string? given = Environment.GetEnvironmentVariable(ConfigFile);
        string empty = Path.GetTempFileName();
        AWSConfigs.AWSProfilesLocation = empty + ".none";
        try
        {
            Environment.SetEnvironmentVariable(ConfigFile, empty);
            RuntimeHelpers.RunClassConstructor(typeof(SharedCredentialsFile).TypeHandle);
            RuntimeHelpers.RunClassConstructor(typeof(FallbackInternalConfigurationFactory).TypeHandle);
        }
        finally
        {
            Environment.SetEnvironmentVariable(ConfigFile, given);
            File.Delete(empty);
        }
    }
}
