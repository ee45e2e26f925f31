using System.Diagnostics;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Sessions;

namespace CloudLab.Tests.Containers.Images;

/// <summary>Images in a real engine for one test: made from a few files, and removed with all their names.</summary>
internal sealed class ImageLab : IAsyncDisposable
{
    private readonly HashSet<string> made = [];

    public ImageLab() => _ = TestServers.Docker();

    public string Folder { get; } = Directory.CreateTempSubdirectory("cloudlab image ").FullName;

    /// <summary>A repository that no other test has.</summary>
    public string Repository { get; } = "cloudlab-test/" + Guid.NewGuid().ToString("N");

    public LabSession Session { get; } = LabSession.Resolve(new() { DockerHost = TestServers.Docker() }, "test");

    /// <summary>A name in the registry.</summary>
    public string Pushed(string tag) => $"{TestServers.Registry()}/{Repository}:{tag}";

    /// <summary>Notes a name, so that it is removed in the end.</summary>
    public string Name(string name)
    {
        made.Add(name);
        return name;
    }

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Builds an image; a line of the Dockerfile makes it one that no other test has.</summary>
    public async Task<LabImageBuild> BuildAsync(string tag, string dockerfile, IReadOnlyDictionary<string, string>? files = null, params string[] platforms)
    {
        string context = Directory.CreateDirectory(File("context-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        foreach ((string name, string text) in files ?? new Dictionary<string, string>())
        {
            await System.IO.File.WriteAllTextAsync(Path.Combine(context, name), text);
        }

        string busybox = TestServers.Busybox();
        if (dockerfile.Contains("busybox", StringComparison.Ordinal))
        {
            foreach (string file in Directory.EnumerateFiles(busybox, "busybox", SearchOption.AllDirectories))
            {
                string copy = Path.Combine(context, Path.GetRelativePath(busybox, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                System.IO.File.Copy(file, copy);
            }
        }

        await System.IO.File.WriteAllTextAsync(Path.Combine(context, "Dockerfile"), $"{dockerfile}\nLABEL test={Repository}\n");
        CmdletResult result = await CmdletRunner.RunAsync("Build-LabImage", new { Path = context, Tag = Name(tag), Platform = platforms.Length > 0 ? platforms : ["linux/amd64"], Session });
        return result.Ok().OutputOf<LabImageBuild>().Single();
    }

    public Task<CmdletResult> RunAsync(string cmdlet, object? parameters = null, IEnumerable<object?>? input = null, ConfirmAnswer? answer = null) =>
        CmdletRunner.RunAsync(cmdlet, parameters, input, answer: answer, location: Folder, session: Session);

    /// <summary>Runs the docker CLI.</summary>
    public static async Task<string> DockerAsync(params string[] arguments) =>
        (await ForeignProcess.OutputAsync(new ProcessStartInfo("docker", ["--host", TestServers.Docker(), .. arguments]))).Trim();

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        if (made.Count > 0)
        {
            await ForeignProcess.RunAsync(new ProcessStartInfo("docker", ["--host", TestServers.Docker(), "image", "rm", "--force", .. made]));
        }
    }
}
