using System.Diagnostics;
using System.Management.Automation;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers.Containers;

/// <summary>A real Docker Engine with an image of busybox; containers that a test makes are removed with it.</summary>
public abstract class ContainerWorld : IAsyncDisposable
{
    private static readonly Lazy<Task<string>> BusyboxImage = new(BuildAsync);

    protected static LabSession Session => LabSession.Resolve(new() { DockerHost = TestServers.Docker() }, "test");

    /// <summary>Label of what this test makes.</summary>
    protected string Label { get; } = "cloudlab-test=" + Guid.NewGuid().ToString("N");

    /// <summary>An image with the programs of busybox.</summary>
    protected static Task<string> ImageAsync() => BusyboxImage.Value;

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Environment.GetEnvironmentVariable("CLOUDLAB_TEST_DOCKER") is { Length: > 0 })
        {
            string ids = await DockerAsync("ps", "-aq", "--filter", "label=" + Label);
            if (ids.Length > 0)
            {
                await DockerAsync(["rm", "-fv", .. ids.Split('\n')]);
            }
        }
    }

    /// <summary>A name that nobody else uses.</summary>
    protected static string Fresh(string name) => $"{name}-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Runs the docker CLI with the engine of the tests.</summary>
    protected static async Task<string> DockerAsync(params string[] arguments) =>
        (await ForeignProcess.OutputAsync(new ProcessStartInfo("docker", ["--host", TestServers.Docker(), .. arguments]))).Trim();

    /// <summary>Runs a cmdlet with the session of the tests.</summary>
    protected static Task<CmdletResult> RunAsync(string cmdlet, object parameters, IEnumerable<object?>? input = null, CancellationToken ctrlC = default, int? first = null, Action<object?>? onOutput = null) =>
        CmdletRunner.RunAsync(cmdlet, parameters, input, first, ctrlC, onOutput: onOutput, session: Session);

    /// <summary>Starts a container that this test removes at its end.</summary>
    protected async Task<LabContainer> StartAsync(object? more = null, params string[] command) =>
        Assert.Single((await TryStartAsync(more, command)).Ok().OutputOf<LabContainer>());

    /// <summary>Starts a container, which may fail.</summary>
    protected async Task<CmdletResult> TryStartAsync(object? more = null, params string[] command)
    {
        Dictionary<string, object?> all = more?.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(more)) ?? [];
        all.TryAdd("Image", await ImageAsync());
        all["Command"] = command;
        all["Label"] = new System.Collections.Hashtable { [Label.Split('=')[0]] = Label.Split('=')[1] };
        return await CmdletRunner.RunAsync("Start-LabContainer", all, session: Session);
    }

    protected static ErrorRecord ErrorOf(CmdletResult result, string code)
    {
        ErrorRecord error = result.Error();
        Assert.StartsWith(code + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        return error;
    }

    protected static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    // The image is the same for all tests of a machine, and stays: it is as large as busybox.
    private static async Task<string> BuildAsync()
    {
        const string Name = "cloudlab-test/busybox:containers";
        string platform = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
        string folder = Directory.CreateTempSubdirectory("cloudlab-busybox-").FullName;
        try
        {
            File.Copy(Path.Combine(TestServers.Busybox(), "linux", platform, "busybox"), Path.Combine(folder, "busybox"));
            await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), """
                FROM scratch
                COPY busybox /bin/busybox
                RUN ["/bin/busybox","--install","-s","/bin"]
                RUN mkdir -p /tmp /etc && echo root:x:0:0::/:/bin/sh > /etc/passwd
                CMD ["sh"]
                """);
            await DockerAsync("build", "-q", "-t", Name, folder);
            return Name;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
