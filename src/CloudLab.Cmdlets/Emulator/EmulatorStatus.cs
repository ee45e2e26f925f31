using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Status;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Which emulators run in this process, and whether the session uses them.</summary>
internal static class EmulatorStatus
{
    /// <summary>A row for each emulator; one that says how to start one where there is none.</summary>
    /// <param name="session">The session.</param>
    /// <returns>The rows.</returns>
    public static IReadOnlyList<LabStatus> Check(LabSession session)
    {
        IReadOnlyList<LabEmulatorInfo> running = RunningEmulators.List();
        return running.Count == 0
            ?
            [
                new LabStatus
                {
                    Service = "Emulator", State = LabStatusState.NotConfigured,
                    Message = "No emulator is running in this process.", Action = "Start-LabEmulator starts S3, STS, IAM and a Kubernetes API on this machine.",
                },
            ]
            :
            [
                .. running.Select(info => new LabStatus
                {
                    Service = "Emulator",
                    State = LabStatusState.Ok,
                    Endpoint = info.EndpointUrl.AbsoluteUri.TrimEnd('/'),
                    Identity = info.AccessKey,
                    Message = $"emulator {info.Id}, Kubernetes at {info.KubernetesUrl.AbsoluteUri.TrimEnd('/')}, {(Uses(session, info) ? "used by this session" : "not used by this session")}",
                    Action = Uses(session, info) ? null : $"Get-LabEmulator -Id {info.Id} | Connect-Lab uses it.",
                }),
            ];
    }

    private static bool Uses(LabSession session, LabEmulatorInfo info) =>
        session.S3Endpoint.Value is { } endpoint && Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? url) && url == info.EndpointUrl;
}
