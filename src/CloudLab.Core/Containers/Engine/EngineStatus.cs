using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;
using CloudLab.Core.Sessions.Status;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Engine;

/// <summary>Whether a Docker Engine answers, and how it is.</summary>
public static class EngineStatus
{
    private const double LeastFree = 0.05;
    private const long Gigabyte = 1L << 30;

    /// <summary>Checks the engine.</summary>
    /// <param name="session">The session.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The status.</returns>
    public static Task<LabStatus> CheckAsync(LabSession session, TimeSpan limit, CancellationToken cancellation) =>
        new StatusCheck("Docker", "Start Docker, or name an engine: -DockerHost, -DockerContext or DOCKER_HOST; Get-LabDockerContext lists the contexts.").RunAsync(
            limit, (status, token) => CheckAsync(session.Docker, status, limit, token), cancellation);

    private static async Task CheckAsync(DockerConnection connection, StatusCheck status, TimeSpan limit, CancellationToken cancellation)
    {
        LabSetting host = connection.HostSetting;
        status.Endpoint = host.Value;
        status.Identity = connection.ContextSetting.Value is { } context ? $"context {context}" : null;

        // Nobody named an engine, and none is where one would be.
        status.Judge = e => e.Code == "NoDockerEngine" && host.Source == "platform default"
            && connection.Endpoint.Kind == DockerTransportKind.Unix && !File.Exists(connection.Endpoint.Path)
            ? new StatusVerdict(LabStatusState.NotConfigured, "No Docker Engine: the socket does not exist.")
            : e.Code == "DockerAccessDenied" ? new StatusVerdict(LabStatusState.Denied, e.Message, "")
            : null;
        DockerEngine engine = new(connection, limit, limit);
        System.Version spoken = await engine.NegotiateAsync(cancellation);
        SystemInfoResponse info = await engine.AskAsync("info", (client, limited) => client.System.GetSystemInfoAsync(limited), cancellation);
        status.Version = info.ServerVersion;
        status.Note($"API {spoken}");
        status.Note($"{info.OSType}/{info.Architecture}");
        status.Note($"{info.ContainersRunning} of {info.Containers} containers running");
        status.Note($"{info.Images} images");
        if (engine.IsLocal && Disk(info.DockerRootDir) is { } disk && (disk.AvailableFreeSpace < Gigabyte || disk.AvailableFreeSpace < disk.TotalSize * LeastFree))
        {
            status.Warn(
                string.Create(CultureInfo.InvariantCulture, $"The disk of {info.DockerRootDir} is nearly full: {(double)disk.AvailableFreeSpace / Gigabyte:0.0} of {(double)disk.TotalSize / Gigabyte:0} GiB free."),
                "Measure-LabDocker shows what takes it; Clear-LabImage and Clear-LabBuildCache give it back.");
        }
    }

    // The engine of a virtual machine names a folder that is not here.
    private static DriveInfo? Disk(string? folder)
    {
        try
        {
            return folder is not null && Directory.Exists(folder) ? new DriveInfo(folder) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
