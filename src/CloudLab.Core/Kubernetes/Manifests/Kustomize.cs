using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>Kustomization folders, built by <c>kubectl kustomize</c>: its rules are many, and its own.</summary>
internal static class Kustomize
{
    private static readonly string[] Names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

    /// <summary>The kustomization folder that a path names.</summary>
    /// <param name="path">A folder, or the file in it.</param>
    /// <returns>The folder; null where it is none.</returns>
    public static string? FolderOf(string path) =>
        Directory.Exists(path) ? FileIn(path) is null ? null : path
        : IsName(Path.GetFileName(path)) ? Path.GetDirectoryName(Path.GetFullPath(path))
        : null;

    /// <summary>Whether a file is a kustomization.</summary>
    /// <param name="name">Its name, without its folder.</param>
    /// <returns>True if it is.</returns>
    public static bool IsName(string name) => Names.Contains(name);

    /// <summary>The kustomization in a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Its path; null where there is none.</returns>
    public static string? FileIn(string folder) => Array.ConvertAll(Names, name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Builds a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="environment">Says where kubectl is.</param>
    /// <param name="cancellation">Ends kubectl.</param>
    /// <returns>The manifest. Throws <see cref="LabException"/> (<c>KubectlNotFound</c>, <c>KustomizeFailed</c>).</returns>
    public static async Task<string> BuildAsync(string folder, LabEnvironment environment, CancellationToken cancellation)
    {
        string kubectl = environment.Get("KUBECTL") ?? Executables.Find("kubectl", environment) ?? throw new LabException(
            LabErrorKind.NotSupported, "KubectlNotFound",
            $"'{folder}' is a kustomization folder, which kubectl builds: install kubectl, or name it in the variable KUBECTL.") { Target = folder };
        ProcessStartInfo start = new(kubectl);
        start.ArgumentList.Add("kustomize");
        start.ArgumentList.Add(folder);
        return await CredentialProgram.RunAsync(
            start, "kubectl kustomize",
            (why, cause) => new LabException(LabErrorKind.InvalidData, "KustomizeFailed", $"The kustomization folder '{folder}' cannot be built: {why}.", cause) { Target = folder },
            "name kubectl in the variable KUBECTL, or put it on the PATH", cancellation);
    }
}
