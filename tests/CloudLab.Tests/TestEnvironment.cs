using System.Runtime.CompilerServices;

namespace CloudLab.Tests;

/// <summary>The tests' own world: no configuration of the machine's user, no look at instance metadata.</summary>
internal static class TestEnvironment
{
    /// <summary>Folder of this run's files, removed when the process ends.</summary>
    public static string Folder { get; } = Directory.CreateTempSubdirectory("cloudlab-tests-").FullName;

    [ModuleInitializer]
    internal static void Isolate()
    {
        foreach (string variable in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(IsForeign).ToArray())
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        Environment.SetEnvironmentVariable("HOME", Folder);
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);
    }

    private static bool IsForeign(string variable) =>
        variable.StartsWith("AWS_", StringComparison.Ordinal) || variable is "KUBECONFIG" or "DOCKER_HOST" or "DOCKER_CONTEXT";
}
