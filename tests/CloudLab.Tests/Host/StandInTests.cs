using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using CloudLab.Cmdlets.Pipeline;
using Xunit;

namespace CloudLab.Tests.Host;

/// <summary>The stand-in has all of PowerShell's contract that the cmdlets use.</summary>
[Trait("Area", "Host")]
public class StandInTests
{
    [Fact]
    public void Every_type_and_member_that_the_cmdlets_name_is_there()
    {
        Assembly cmdlets = typeof(LabCommand).Assembly;
        using PEReader image = new(File.OpenRead(cmdlets.Location));
        MetadataReader metadata = image.GetMetadataReader();
        List<string> missing = [];
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            if (IsAutomation(metadata, type))
            {
                Try(() => cmdlets.ManifestModule.ResolveType(MetadataTokens.GetToken(handle)), metadata.GetString(type.Name));
            }
        }

        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference
                && metadata.GetTypeReference((TypeReferenceHandle)member.Parent) is var type && IsAutomation(metadata, type))
            {
                Try(
                    () => cmdlets.ManifestModule.ResolveMember(MetadataTokens.GetToken(handle)),
                    metadata.GetString(type.Name) + "." + metadata.GetString(member.Name));
            }
        }

        Assert.True(missing.Count == 0, "src/CloudLab.Host.Automation lacks " + string.Join(", ", missing));

        void Try(Func<object?> resolve, string name)
        {
            try
            {
                resolve();
            }
            catch (Exception e) when (e is TypeLoadException or MissingMemberException or ArgumentException)
            {
                missing.Add(name);
            }
        }
    }

    // Drives are PowerShell's alone: of their contract the stand-in has what it takes to load the provider's class.
    private static bool IsAutomation(MetadataReader metadata, TypeReference type) =>
        type.ResolutionScope.Kind == HandleKind.AssemblyReference
        && metadata.GetString(type.Namespace) != "System.Management.Automation.Provider" && metadata.GetString(type.Name) != "PSDriveInfo"
        && metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == "System.Management.Automation";
}
