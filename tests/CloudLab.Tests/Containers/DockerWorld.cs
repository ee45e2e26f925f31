using CloudLab.Core.Sessions;

namespace CloudLab.Tests.Containers;

/// <summary>A user's home with a docker configuration, environment variables and programs of its own.</summary>
internal sealed class DockerWorld : IDisposable
{
    public DockerWorld() => Directory.CreateDirectory(Config);

    public string Home { get; } = Directory.CreateTempSubdirectory("cloudlab-docker-").FullName;

    public Dictionary<string, string> Variables { get; } = [];

    public string Config => Path.Combine(Home, ".docker");

    public void Dispose() => Directory.Delete(Home, recursive: true);

    public LabSession Session(SessionOptions? options = null) =>
        LabSession.Resolve(options ?? new(), options is null ? "environment" : "parameter", null, new LabEnvironment(Variables.GetValueOrDefault, Home));

    public void Context(string name, string host, bool skipVerification = false)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Config, "contexts", "meta", Id(name))).FullName;
        File.WriteAllText(Path.Combine(folder, "meta.json"), $$"""
            {"Name":"{{name}}","Metadata":{"Description":"a test"},"Endpoints":{"docker":{"Host":"{{host}}","SkipTLSVerify":{{(skipVerification ? "true" : "false")}} } } }
            """);
    }

    public string TlsFolder(string context) =>
        Directory.CreateDirectory(Path.Combine(Config, "contexts", "tls", Id(context), "docker")).FullName;

    public void UseContext(string name) =>
        File.WriteAllText(Path.Combine(Config, "config.json"), $$"""{"auths":{},"currentContext":"{{name}}"}""");

    /// <summary>Puts a shell script where a program is looked for.</summary>
    public string Program(string name, string script, string? folder = null)
    {
        string path = Path.Combine(Directory.CreateDirectory(folder ?? Path.Combine(Home, "bin")).FullName, name);
        File.WriteAllText(path, "#!/bin/sh\n" + script.ReplaceLineEndings("\n"));
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("a shell script stands in for " + name);
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static string Id(string name) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name))).ToLowerInvariant();
}
