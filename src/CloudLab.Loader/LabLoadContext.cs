using System.Reflection;
using System.Runtime.Loader;

namespace CloudLab.Loader;

/// <summary>
/// Holds CloudLab.Core and every package under it, apart from whatever other modules have loaded. What the module does not
/// ship comes from PowerShell itself.
/// </summary>
/// <param name="libraries">The module's own assemblies.</param>
internal sealed class LabLoadContext(ModuleLibraries libraries) : AssemblyLoadContext("CloudLab")
{
    /// <summary>Finds one of the module's own assemblies.</summary>
    /// <param name="name">The assembly asked for.</param>
    /// <returns>The assembly, or null where the module has none of that name.</returns>
    protected override Assembly? Load(AssemblyName name) =>
        libraries.Find(name.Name) is { } path ? LoadFromAssemblyPath(path) : null;
}
