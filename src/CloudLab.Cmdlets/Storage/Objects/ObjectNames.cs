using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>A cmdlet whose objects are named by <c>-Bucket</c> and <c>-Key</c>, or by both in one: <c>-Bucket s3://bucket/key</c>.</summary>
internal interface IObjectNames
{
    /// <summary>Whether keys are wanted, and not what begins with a prefix.</summary>
    bool TakesKeys => true;

    /// <summary>The bucket, or the whole name of an object.</summary>
    string Bucket { get; set; }

    /// <summary>The keys.</summary>
    string[] Key { get; set; }

    /// <summary>Takes a whole name apart, and refuses an input without a key.</summary>
    /// <param name="stops">Whether nothing can be done then; else the next input may have one.</param>
    void Split(bool stops = false)
    {
        if (!TakesKeys)
        {
            return;
        }

        bool hasKey = Key.Length > 0;
        if (ObjectName.Parse(Bucket) is var (bucket, key) && key.Length > 0)
        {
            if (hasKey)
            {
                throw Unclear("TwoKeys", $"'{Bucket}' already names an object: omit -Key ('{Key[0]}'), or give only the name of the bucket.", stops);
            }

            (Bucket, Key) = (bucket, [key]);
        }
        else if (!hasKey)
        {
            throw Unclear("NoKey", $"No key is given for bucket '{Bucket}': use -Key, or -Bucket as s3://bucket/key.", stops);
        }
    }

    private LabException Unclear(string code, string message, bool stops) => new(LabErrorKind.InvalidArgument, code, message) { Target = Bucket, StopsCommand = stops };
}

/// <summary>Marks a parameter for keys that takes them from the pipeline as text: what is no text and has no Key is refused, and not taken by what it looks like as text.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KeyTextAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object plain = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        if (plain is LabObject found)
        {
            return found.Key;
        }

        if (plain is null or string or ValueType || (plain is not IDictionary and IEnumerable))
        {
            return inputData;
        }

        if (PSObject.AsPSObject(inputData).Properties["Key"] is not null)
        {
            return inputData;
        }

        // The inner exception makes the binder go on to what else the input may bind to.
        string text = $"{plain.GetType().Name} '{plain}' is not a key";
        throw new ArgumentTransformationMetadataException(text, new PSInvalidCastException(text));
    }
}
