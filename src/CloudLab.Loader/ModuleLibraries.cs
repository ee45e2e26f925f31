using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace CloudLab.Loader;

/// <summary>
/// The module's assemblies on disk: <c>lib</c> has all of them as IL, <c>lib/&lt;rid&gt;</c> some of them compiled ahead for one
/// platform. A file of the running platform's folder is preferred.
/// </summary>
/// <param name="module">The module's folder.</param>
internal sealed class ModuleLibraries(string module)
{
    private readonly string lib = Path.Combine(module, "lib");
    private readonly string compiled = Path.Combine(module, "lib", Platform);

    // Not RuntimeInformation.RuntimeIdentifier: a distribution's own build of .NET calls itself ubuntu.24.04-x64 and the like.
    private static string Platform =>
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.ProcessArchitecture}".ToLowerInvariant();

    /// <summary>Finds the file of an assembly that CloudLab.Core or a package of it asks for.</summary>
    /// <param name="name">The assembly's simple name.</param>
    /// <returns>The path, or null where the module has no such assembly.</returns>
    public string? Find(string? name) => FindIn(compiled, name) ?? FindIn(lib, name);

    /// <summary>
    /// Loads the cmdlets' assembly compiled ahead, where there is one. When PowerShell then loads the IL at the module's root by its
    /// path, the runtime answers with what is loaded already, since both are the same build (name and MVID).
    /// </summary>
    public void LoadCmdlets()
    {
        if (FindIn(compiled, "CloudLab.Cmdlets") is { } path)
        {
            AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
    }

    private static string? FindIn(string folder, string? name)
    {
        string path = Path.Combine(folder, name + ".dll");
        return File.Exists(path) ? path : null;
    }
}
