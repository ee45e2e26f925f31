using System.ComponentModel;
using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Core.Containers.Builds;

/// <summary>The <c>docker buildx</c> program: found as the docker CLI finds it, run with the session's engine.</summary>
internal sealed class Buildx
{
    private const string Plugin = "docker-buildx";

    private readonly DockerConnection connection;
    private readonly string program;
    private readonly string[] prefix;

    private Buildx(DockerConnection connection, string program, string[] prefix) =>
        (this.connection, this.program, this.prefix) = (connection, program, prefix);

    /// <summary>Finds buildx: the docker CLI's plugin, else a program on the PATH, else the docker CLI itself.</summary>
    /// <param name="connection">The engine, whose configuration folder may hold the plugin.</param>
    /// <returns>buildx. Throws <see cref="LabException"/> (<c>BuildxNotFound</c>) with advice.</returns>
    public static Buildx Find(DockerConnection connection)
    {
        LabEnvironment environment = connection.Environment;
        if ((Executables.In(PluginFolders(connection), Plugin) ?? Executables.Find(Plugin, environment)) is { } plugin)
        {
            return new Buildx(connection, plugin, []);
        }

        // The docker CLI may know further plugin folders. Whether it has buildx shows only when it is asked.
        if (Executables.Find("docker", environment) is { } docker && HasBuildx(docker, connection))
        {
            return new Buildx(connection, docker, ["buildx"]);
        }

        throw new LabException(
            LabErrorKind.NotSupported, "BuildxNotFound",
            "docker buildx is not installed: install the package docker-buildx (docker-buildx-plugin from Docker's own repository), or put docker-buildx on the PATH.")
        {
            StopsCommand = true,
            Advice = $"Searched the PATH and {string.Join(", ", PluginFolders(connection))}.",
        };
    }

    /// <summary>Runs buildx and hands over its lines; ends the whole process tree when cancelled.</summary>
    /// <param name="arguments">Arguments after <c>buildx</c>.</param>
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
                LabErrorKind.NotSupported, "BuildxNotFound", $"'{program}' cannot be started: {e.Message.TrimEnd('.')}. Reinstall docker buildx.", e)
            {
                StopsCommand = true,
            };
        }

        await using CancellationTokenRegistration stop = cancellation.Register(() => End(process));
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

    private static bool HasBuildx(string docker, DockerConnection connection)
    {
        try
        {
            using Process process = Process.Start(Start(docker, ["buildx", "version"], connection))!;
            process.StandardInput.Close();
            string output = process.StandardOutput.ReadToEnd();
            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                End(process);
                return false;
            }

            // A docker CLI without the plugin shows its own help instead, with exit code 0 in some versions.
            return process.ExitCode == 0 && output.Contains("buildx", StringComparison.Ordinal);
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

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended already.
        }
    }
}
