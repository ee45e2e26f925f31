using System.Xml.Linq;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>Reads ServerSideEncryptionConfiguration: how objects are encrypted whose writer does not say.</summary>
internal static class DefaultEncryption
{
    /// <summary>Reads and checks the document, and completes it with what S3 adds.</summary>
    /// <param name="root">The document.</param>
    /// <returns>The encryption. Throws MalformedXML or InvalidArgument.</returns>
    public static ObjectEncryption Read(XElement root)
    {
        XElement rule = S3Xml.Children(root, "Rule").ToArray() is [var only] ? only : throw S3Exception.MalformedXml();
        XElement? byDefault = S3Xml.Children(rule, "ApplyServerSideEncryptionByDefault").FirstOrDefault();
        string algorithm = byDefault is null ? ObjectEncryption.Aes256 : S3Xml.Text(byDefault, "SSEAlgorithm") ?? throw S3Exception.MalformedXml();
        string? key = byDefault is null ? null : S3Xml.Text(byDefault, "KMSMasterKeyID");
        if (algorithm is not (ObjectEncryption.Aes256 or ObjectEncryption.Kms or ObjectEncryption.DualKms))
        {
            throw S3Exception.MalformedXml();
        }

        if (algorithm == ObjectEncryption.Aes256 && key is not null)
        {
            throw S3Exception.InvalidArgument(
                "KMSMasterKeyID", key, "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse");
        }

        string? bucketKey = S3Xml.Text(rule, "BucketKeyEnabled");
        if (bucketKey is null)
        {
            rule.Add(new XElement(rule.Name.Namespace + "BucketKeyEnabled", "false"));
        }

        return new ObjectEncryption(algorithm, key, BucketKey: bucketKey == "true" && algorithm == ObjectEncryption.Kms);
    }
}
