using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>
/// Which credential plugins a kubeconfig may start, as kubectl's preferences say (<c>~/.kube/kuberc</c> or <c>KUBERC</c>, since kubectl 1.35): a kubeconfig that
/// somebody sends can name any program.
/// </summary>
internal sealed class KubePluginPolicy
{
    private readonly string file;
    private readonly string policy;
    private readonly IReadOnlyList<string> allowed;

    private KubePluginPolicy(string file, string policy, IReadOnlyList<string> allowed) => (this.file, this.policy, this.allowed) = (file, policy, allowed);

    /// <summary>The preferences file; null where kubectl reads none.</summary>
    /// <param name="environment">The environment.</param>
    /// <returns>Its path.</returns>
    public static string? PathOf(LabEnvironment environment)
    {
        string? named = environment.Get("KUBERC");
        return named == "off" || environment.Get("KUBECTL_KUBERC") is "false" ? null
            : named is not null ? environment.Expand(named)
            : Path.Combine(environment.Home, ".kube", "kuberc") is var home && File.Exists(home) ? home
            : null;
    }

    /// <summary>Refuses a program that the preferences do not allow.</summary>
    /// <param name="command">The program: a bare name or a full path.</param>
    /// <param name="whose">Who names it.</param>
    /// <param name="environment">The environment.</param>
    /// <exception cref="LabException"><c>ExecPluginNotAllowed</c>, or <c>KubercInvalid</c>.</exception>
    public static void Check(string command, string whose, LabEnvironment environment)
    {
        if (PathOf(environment) is { } file && Load(file) is { } policy && !policy.Allows(command, environment))
        {
            throw new LabException(
                LabErrorKind.AuthenticationFailed, "ExecPluginNotAllowed",
                $"The exec plugin '{command}' of {whose} is not allowed: the credentialPluginPolicy in {policy.file} is {policy.policy}. If you trust it, set the policy to Allowlist and add '- command: {command}' to credentialPluginAllowlist.");
        }
    }

    private static KubePluginPolicy? Load(string file)
    {
        JsonObject? root;
        try
        {
            SourceDocument? document = SourceReader.Read(SourceText.Decode(File.ReadAllBytes(file))).FirstOrDefault();
            root = document?.Problem is { } problem
                ? throw Invalid(file, $"line {problem.Line}, column {problem.Column}: {problem.Reason}")
                : document?.Content as JsonObject;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(file, e.Message, e);
        }

        string policy = StrictJson.Text(root, "credentialPluginPolicy") ?? "";
        JsonArray? list = root?["credentialPluginAllowlist"] as JsonArray;
        if (policy is not ("" or "AllowAll" or "DenyAll" or "Allowlist"))
        {
            throw Invalid(file, $"the credentialPluginPolicy '{policy}' is not AllowAll, DenyAll or Allowlist");
        }

        if (policy != "Allowlist" && list is not null)
        {
            throw Invalid(file, "credentialPluginAllowlist needs credentialPluginPolicy: Allowlist");
        }

        // kubectl 1.35 calls it name, 1.36 command.
        string[] allowed = [.. (list ?? []).OfType<JsonObject>().Select(entry => StrictJson.Text(entry, "command") ?? StrictJson.Text(entry, "name") ?? "")];
        if (policy == "Allowlist" && (allowed.Length == 0 || allowed.Length != list!.Count || allowed.Contains("")))
        {
            throw Invalid(file, "credentialPluginAllowlist must be a list of entries with a command");
        }

        return policy is "" or "AllowAll" ? null : new KubePluginPolicy(file, policy, allowed);
    }

    private static LabException Invalid(string file, string why, Exception? inner = null) => new(
        LabErrorKind.InvalidArgument, "KubercInvalid",
        $"kubectl's preferences '{file}' cannot be used, so it is not known which exec plugins are allowed: {why.TrimEnd('.')}. Correct the file, or set KUBERC=off.", inner);

    private bool Allows(string command, LabEnvironment environment)
    {
        string? program = Whole(command, environment);
        return policy == "Allowlist" && program is not null && allowed.Any(entry => Whole(entry, environment) == program);
    }

    // Where each stands: another program of an allowed name, first in the PATH of nobody but the kubeconfig, is not meant.
    private static string? Whole(string command, LabEnvironment environment) =>
        command.AsSpan().IndexOfAny('/', Path.DirectorySeparatorChar) >= 0 ? Path.GetFullPath(command)
        : Executables.Find(Path.GetExtension(command).Equals(".exe", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(command) : command, environment);
}
