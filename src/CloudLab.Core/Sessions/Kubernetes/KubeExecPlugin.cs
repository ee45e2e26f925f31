using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>
/// A program that a kubeconfig names to fetch credentials (<c>aws eks get-token</c>, <c>gke-gcloud-auth-plugin</c>): the
/// client.authentication.k8s.io protocol.
/// </summary>
internal sealed class KubeExecPlugin
{
    // v1alpha1 is gone from Kubernetes clients since 1.24.
    private static readonly string[] Versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

    private readonly string whose;
    private readonly string command;
    private readonly string? hint;
    private readonly string info;
    private readonly string apiVersion;
    private readonly List<string> arguments = [];
    private readonly List<(string Name, string Value)> variables = [];

    private KubeExecPlugin(string whose, string command, string? hint, string apiVersion, string info)
    {
        this.whose = whose;
        this.command = command;
        this.hint = hint;
        this.apiVersion = apiVersion;
        this.info = info;
    }

    /// <summary>Reads the <c>exec</c> of a user.</summary>
    /// <param name="exec">The exec mapping.</param>
    /// <param name="user">The user.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="server">The cluster's URL.</param>
    /// <param name="environment">Says which programs are allowed.</param>
    /// <returns>The plugin.</returns>
    public static KubeExecPlugin Of(JsonObject exec, KubeConfigEntry user, KubeConfigEntry cluster, Uri server, LabEnvironment environment)
    {
        KubeConfigEntry entry = new(user.Name, exec, user.File);
        string whose = $"user '{user.Name}' of {user.File}";
        string command = entry.Text("command") ?? throw Invalid($"The exec of {whose} names no command.");
        string apiVersion = entry.Text("apiVersion") ?? throw Invalid($"The exec of {whose} names no apiVersion: client.authentication.k8s.io/v1.");
        if (!Versions.Contains(apiVersion))
        {
            throw Invalid($"The exec of {whose} has the unsupported apiVersion '{apiVersion}': use {string.Join(" or ", Versions)}.");
        }

        if (entry.Text("interactiveMode") == "Always")
        {
            throw Invalid($"The exec of {whose} needs a terminal (interactiveMode: Always), which is not available here: sign in with its own tool, or use IfAvailable.");
        }

        // A path is relative to the kubeconfig; a bare name is looked up in PATH.
        if (command.AsSpan().IndexOfAny('/', Path.DirectorySeparatorChar) >= 0)
        {
            command = entry.Path("command")!;
        }

        KubePluginPolicy.Check(command, whose, environment);

        JsonObject spec = new() { ["interactive"] = false };
        if (entry.Flag("provideClusterInfo"))
        {
            spec["cluster"] = ClusterInfo(cluster, server);
        }

        KubeExecPlugin plugin = new(
            whose, command, entry.Text("installHint"), apiVersion,
            new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = "ExecCredential", ["spec"] = spec }.ToJsonString());
        plugin.arguments.AddRange((exec["args"] as JsonArray ?? []).Select(argument => $"{argument}"));
        foreach (JsonObject variable in (exec["env"] as JsonArray ?? []).OfType<JsonObject>())
        {
            plugin.variables.Add(($"{variable["name"]}", $"{variable["value"]}"));
        }

        return plugin;
    }

    /// <summary>Runs the program.</summary>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>What it gave, and until when it is good.</returns>
    public async Task<(KubeIdentity Identity, DateTimeOffset StaleAt)> RunAsync(CancellationToken cancellation)
    {
        ProcessStartInfo start = new(command);
        arguments.ForEach(start.ArgumentList.Add);
        variables.ForEach(variable => start.Environment[variable.Name] = variable.Value);
        start.Environment["KUBERNETES_EXEC_INFO"] = info;
        string advice = hint is null ? "install it or correct the kubeconfig." : string.Join(' ', hint.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return Read(await CredentialProgram.RunAsync(start, $"exec plugin '{command}' of {whose}", Failed, advice, cancellation));
    }

    private static JsonObject ClusterInfo(KubeConfigEntry cluster, Uri server)
    {
        JsonObject info = new() { ["server"] = server.OriginalString };
        foreach (string key in new[] { "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url" })
        {
            if (cluster.Body[key] is { } value)
            {
                info[key] = value.DeepClone();
            }
        }

        if (cluster.Path("certificate-authority") is { } path && File.Exists(path))
        {
            info["certificate-authority-data"] = Convert.ToBase64String(File.ReadAllBytes(path));
        }

        foreach (JsonObject extension in (cluster.Body["extensions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if ($"{extension["name"]}" == "client.authentication.k8s.io/exec")
            {
                info["config"] = extension["extension"]?.DeepClone();
            }
        }

        return info;
    }

    private static LabException Invalid(string message) => new(LabErrorKind.InvalidArgument, "KubeConfigInvalid", message);

    private LabException Failed(string why, Exception? inner = null) => new(
        LabErrorKind.AuthenticationFailed, "ExecPluginFailed", $"The exec plugin of {whose} gave no credentials: {why}", inner);

    private (KubeIdentity Identity, DateTimeOffset StaleAt) Read(string answer)
    {
        JsonObject? status;
        try
        {
            JsonObject? credential = StrictJson.Parse(answer) as JsonObject;
            if ($"{credential?["apiVersion"]}" != apiVersion)
            {
                throw Failed($"it answered with apiVersion '{credential?["apiVersion"]}', but the kubeconfig says '{apiVersion}'.");
            }

            status = credential?["status"] as JsonObject;
        }
        catch (JsonException e)
        {
            // The answer itself may be a secret.
            throw Failed($"the output of '{command}' is not an ExecCredential in JSON.", e);
        }

        string? token = StrictJson.Text(status, "token");
        string? certificate = StrictJson.Text(status, "clientCertificateData"), key = StrictJson.Text(status, "clientKeyData");
        if (token is null && (certificate is null || key is null))
        {
            throw Failed($"'{command}' returned neither a token nor a client certificate and key.");
        }

        DateTimeOffset staleAt = DateTimeOffset.TryParse(
            StrictJson.Text(status, "expirationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset expires)
            ? expires
            : DateTimeOffset.MaxValue;
        return (
            new KubeIdentity(
                token is null ? null : KubeCredentials.Bearer(token, whose),
                certificate is null || key is null ? null : KubeClientCertificate.FromPem(certificate, key, whose)),
            staleAt);
    }
}
