using System.Runtime.CompilerServices;
using CloudLab.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(TestEnvironmentCleanup))]

namespace CloudLab.Tests;

/// <summary>The tests' own world: no configuration of the machine's user, no look at instance metadata.</summary>
internal static class TestEnvironment
{
    /// <summary>Folder of this run's files, removed when the last test has ended.</summary>
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

        // Where no test ran, as for a list of them, there is little in it.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove();
    }

    /// <summary>Removes the folder, if it is still there.</summary>
    internal static void Remove()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static bool IsForeign(string variable) =>
        variable.StartsWith("AWS_", StringComparison.Ordinal) || variable is "KUBECONFIG" or "DOCKER_HOST" or "DOCKER_CONTEXT";
}

/// <summary>
/// What the tests wrote goes while xunit still waits: at the end of the process it gives everything a second or so, speaks of foreground
/// threads that were left running, and ten seconds later ends it.
/// </summary>
public sealed class TestEnvironmentCleanup : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => TestEnvironment.Remove();
}
