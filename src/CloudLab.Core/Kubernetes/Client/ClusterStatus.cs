using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Access;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;
using CloudLab.Core.Sessions.Status;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Whether a cluster answers, whom it takes the caller for, and how it is.</summary>
public static class ClusterStatus
{
    // Server-side apply, which every deployment here uses, is complete since then.
    private static readonly Version Oldest = new(1, 22);
    private static readonly TimeSpan CertificateSoon = TimeSpan.FromDays(14), TokenSoon = TimeSpan.FromMinutes(15);

    /// <summary>Checks the cluster.</summary>
    /// <param name="session">The session.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The status.</returns>
    public static Task<LabStatus> CheckAsync(LabSession session, TimeSpan limit, CancellationToken cancellation) =>
        new StatusCheck("Kubernetes", $"Set -KubeConfig and -KubeContext, or KUBECONFIG; Get-LabKubeContext lists the contexts. {SessionAdvice.Emulator} has a cluster to try.").RunAsync(
            limit, (status, token) => CheckAsync(session.Kubernetes, status, token), cancellation);

    private static async Task CheckAsync(KubeConnection connection, StatusCheck status, CancellationToken cancellation)
    {
        status.Judge = e => e.Code == "NoCluster" ? new StatusVerdict(LabStatusState.NotConfigured, e.Message.Split(". ")[0] + ".") : null;
        KubernetesApi api = KubernetesApi.For(connection);
        status.Endpoint = api.Address;
        if (connection.Context is { } context)
        {
            status.Note($"context {context}");
        }

        DateTimeOffset? end = await api.Credentials.EndAsync(cancellation);
        status.Judge = e => e.StatusCode == 401 && end < DateTimeOffset.UtcNow
            ? new StatusVerdict(LabStatusState.Denied, $"The {api.Credentials.Method} of the kubeconfig expired at {end:u}.", "Sign in again, or renew it in the kubeconfig.") : null;
        Task<JsonObject> version = api.GetAsync("/version", cancellation);
        Task<LabKubeIdentity?> who = Permitted.TryAsync(() => new AccessReviewer(api, connection).WhoAmIAsync(cancellation));
        Task<JsonObject?> nodes = Permitted.TryAsync(() => api.GetAsync("/api/v1/nodes?limit=500", cancellation));
        Task<JsonObject?> services = Permitted.TryAsync(() => api.GetAsync("/apis/apiregistration.k8s.io/v1/apiservices", cancellation));
        status.Version = (await version).Text("gitVersion");
        status.Identity = (await who)?.User;
        NoteNodes(await nodes, VersionSkew.Of(status.Version), status);
        NoteServices(await services, status);
        NoteEnd(api, end, status);
        if (VersionSkew.Of(status.Version) < Oldest)
        {
            status.Warn($"Kubernetes {status.Version} is older than {Oldest}, where server-side apply is not complete.", "Upgrade the cluster.");
        }
    }

    private static void NoteNodes(JsonObject? list, Version? server, StatusCheck status)
    {
        if (list is null)
        {
            status.Note("nodes not readable");
            return;
        }

        JsonObject[] nodes = [.. list.Objects("items")];
        string[] down = [.. nodes.Where(node => !node.Holds("Ready")).Select(ObjectMetadata.Name)];
        string[] cordoned = [.. nodes.Where(node => node.Object("spec")?.Flag("unschedulable") == true).Select(ObjectMetadata.Name)];
        status.Note($"{nodes.Length - down.Length} of {nodes.Length}{(list.Object("metadata")?.Text("continue") is null ? "" : "+")} nodes ready");
        if (cordoned.Length > 0)
        {
            status.Note($"{cordoned.Length} cordoned");
        }

        if (down.Length > 0)
        {
            status.Warn($"{(down.Length == 1 ? "A node is" : $"{down.Length} nodes are")} not ready: {SomeOf.Names(down)}.", $"Debug-LabNode {down[0]} says why.");
        }

        string[] skewed = [.. nodes.Where(node => VersionSkew.Of(Kubelet(node)) is { } kubelet && server is not null && !VersionSkew.Supports(kubelet, server)).Select(node => $"{node.Name()} ({Kubelet(node)})")];
        if (skewed.Length > 0)
        {
            status.Warn(
                $"Kubernetes {server!.ToString(2)} does not support the kubelet of {SomeOf.Names(skewed)}.",
                "Upgrade the control plane first, then the nodes: a kubelet is never newer, and three minor versions older at the most.");
        }

        static string? Kubelet(JsonObject node) => node.Object("status")?.Object("nodeInfo")?.Text("kubeletVersion");
    }

    private static void NoteServices(JsonObject? list, StatusCheck status)
    {
        string[] down = [.. (list?.Objects("items") ?? []).Where(item => item.Condition("Available") is not null && !item.Holds("Available")).Select(item => item.Name())];
        if (down.Length > 0)
        {
            status.Warn($"{(down.Length == 1 ? "An API service is" : $"{down.Length} API services are")} down: {SomeOf.Names(down)}.", "Get-LabResource apiservices shows why.");
        }
    }

    private static void NoteEnd(KubernetesApi api, DateTimeOffset? end, StatusCheck status)
    {
        if (end is not { } moment || api.Credentials.CanRefresh)
        {
            return;
        }

        TimeSpan left = moment - DateTimeOffset.UtcNow;
        if (left < (api.Credentials.Method.Contains("certificate", StringComparison.Ordinal) ? CertificateSoon : TokenSoon))
        {
            status.Warn(
                string.Create(CultureInfo.InvariantCulture, $"The {api.Credentials.Method} of the kubeconfig {(left < TimeSpan.Zero ? "expired" : "expires")} at {moment.UtcDateTime:u}."),
                "Renew it in the kubeconfig, or sign in again.");
        }
    }
}
