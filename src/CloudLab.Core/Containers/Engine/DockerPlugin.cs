using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Core.Containers.Engine;

/// <summary>A plugin of the docker CLI, <c>docker buildx</c> or <c>docker compose</c>: found as the docker CLI finds it, run with the session's engine.</summary>
internal sealed class DockerPlugin
{
    private readonly DockerConnection connection;
    private readonly string name;
    private readonly string program;
    private readonly string[] prefix;

    private DockerPlugin(DockerConnection connection, string name, string program, string[] prefix) =>
        (this.connection, this.name, this.program, this.prefix) = (connection, name, program, prefix);

    /// <summary>Finds <c>docker buildx</c>.</summary>
    /// <param name="connection">The engine, whose configuration folder may hold the plugin.</param>
    /// <returns>buildx. Throws <see cref="LabException"/> (<c>BuildxNotFound</c>) with advice.</returns>
    public static DockerPlugin Buildx(DockerConnection connection) => Find("buildx", connection);

    /// <summary>Finds <c>docker compose</c>.</summary>
    /// <param name="connection">The engine, whose configuration folder may hold the plugin.</param>
    /// <returns>compose. Throws <see cref="LabException"/> (<c>ComposeNotFound</c>) with advice.</returns>
    public static DockerPlugin Compose(DockerConnection connection) => Find("compose", connection);

    // The docker CLI's plugin, else a program on the PATH, else the docker CLI itself.
    private static DockerPlugin Find(string name, DockerConnection connection)
    {
        LabEnvironment environment = connection.Environment;
        string file = "docker-" + name;
        if ((Executables.In(PluginFolders(connection), file) ?? Executables.Find(file, environment)) is { } plugin)
        {
            return new DockerPlugin(connection, name, plugin, []);
        }

        // The docker CLI may know further plugin folders. Whether it has the plugin shows only when it is asked.
        if (Executables.Find("docker", environment) is { } docker && Has(docker, name, connection))
        {
            return new DockerPlugin(connection, name, docker, [name]);
        }

        throw new LabException(
            LabErrorKind.NotSupported, NotFoundCode(name),
            $"docker {name} is not installed: install the package docker-{name} (docker-{name}-plugin from Docker's own repository), or put docker-{name} on the PATH.")
        {
            StopsCommand = true,
            Advice = $"Searched the PATH and {string.Join(", ", PluginFolders(connection))}.",
        };
    }

    /// <summary>Runs the plugin and hands over its lines; ends the whole process tree when cancelled.</summary>
    /// <param name="arguments">Arguments after its name.</param>
    /// <param name="folder">Current folder.</param>
    /// <param name="variables">Environment variables to set.</param>
    /// <param name="onOutput">Told each line of its output.</param>
    /// <param name="onError">Told each line of its error output.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its exit code.</returns>
    public async Task<int> RunAsync(
        IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string> variables,
        Action<string> onOutput, Action<string> onError, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using Process process = new() { StartInfo = Start(program, [.. prefix, .. arguments], connection) };
        process.StartInfo.WorkingDirectory = folder;
        foreach ((string name, string value) in variables)
        {
            process.StartInfo.Environment[name] = value;
        }

        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new LabException(
                LabErrorKind.NotSupported, NotFoundCode(name), $"'{program}' cannot be started: {e.Message.TrimEnd('.')}. Reinstall docker {name}.", e)
            {
                StopsCommand = true,
            };
        }

        await using CancellationTokenRegistration stop = cancellation.Register(() => ProcessTree.End(process));
        process.StandardInput.Close();

        // Not cancelled by the token: once the tree has ended the streams end too, and nothing of it is left behind.
        await Task.WhenAll(PumpAsync(process.StandardOutput, onOutput), PumpAsync(process.StandardError, onError));
        await process.WaitForExitAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode;
    }

    private static IReadOnlyList<string> PluginFolders(DockerConnection connection)
    {
        List<string> folders = [Path.Combine(connection.ConfigFolder, "cli-plugins")];
        if (connection.Store.Config()["cliPluginsExtraDirs"] is System.Text.Json.Nodes.JsonArray extra)
        {
            folders.AddRange(extra.Select(folder => $"{folder}").Where(Path.IsPathFullyQualified));
        }

        folders.AddRange(OperatingSystem.IsWindows()
            ? [
                Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Docker", "cli-plugins"),
                Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "Docker", "cli-plugins"),
            ]
            : [
                "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
                "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins",
                "/opt/homebrew/lib/docker/cli-plugins", "/Applications/Docker.app/Contents/Resources/cli-plugins",
            ]);
        return folders;
    }

    private static string NotFoundCode(string name) => char.ToUpperInvariant(name[0]) + name[1..] + "NotFound";

    private static bool Has(string docker, string name, DockerConnection connection)
    {
        try
        {
            using Process process = Process.Start(Start(docker, [name, "version"], connection))!;
            process.StandardInput.Close();

            // Read while it runs: it would wait for room to write into, and one that hangs never ends its output.
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task complaint = process.StandardError.ReadToEndAsync();
            if (!Task.WaitAll([output, complaint, process.WaitForExitAsync()], TimeSpan.FromSeconds(10)))
            {
                ProcessTree.End(process);
                return false;
            }

            // A docker CLI without the plugin shows its own help instead, with exit code 0 in some versions.
            return process.ExitCode == 0 && output.Result.Contains(name, StringComparison.OrdinalIgnoreCase);
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static ProcessStartInfo Start(string program, string[] arguments, DockerConnection connection)
    {
        ProcessStartInfo start = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            // Whatever code page a Windows console has.
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
        };
        Array.ForEach(arguments, start.ArgumentList.Add);
        connection.Configure(start);
        return start;
    }

    private static async Task PumpAsync(StreamReader reader, Action<string> onLine)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            onLine(line);
        }
    }
}
